// What a product may look like, and how an update mask is applied to one.
#ifndef PORTICO_SERVICES_CATALOG_PRODUCT_RULES_H_
#define PORTICO_SERVICES_CATALOG_PRODUCT_RULES_H_

#include "google/protobuf/field_mask.pb.h"
#include "services/base/validator.h"
#include "shop/catalog/v1/catalog.pb.h"

namespace shop::catalog {

// Makes a product that is to be added complete, with an id made from its title if it has none, and says what is wrong
// with it.
grpc::Status PrepareProduct(v1::Product& product);

// Adds what is wrong with the fields of `product` that callers may set, except its id. Field paths begin "product.".
void CheckProduct(const v1::Product& product, Validator& check);

// Copies into `product` those fields of `source` that `mask` names: all that have a value when the mask is empty, all
// when it is "*". A path that no product has is a violation of "update_mask". product_id and the times are never
// changed, named or not.
void ApplyUpdate(const v1::Product& source, const google::protobuf::FieldMask& mask, v1::Product& product,
                 Validator& check);

}  // namespace shop::catalog

#endif  // PORTICO_SERVICES_CATALOG_PRODUCT_RULES_H_
