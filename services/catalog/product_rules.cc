#include "services/catalog/product_rules.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/util/field_mask_util.h"
#include "services/base/slug.h"

namespace shop::catalog {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::FieldMask;
using google::protobuf::util::FieldMaskUtil;

bool IsIsbn(std::string_view text) {
  const auto digit = [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); };
  if (text.size() == 13) return std::all_of(text.begin(), text.end(), digit);
  return text.size() == 10 && std::all_of(text.begin(), text.end() - 1, digit) &&
         (digit(text.back()) || text.back() == 'X');
}

bool IsOutputOnly(const std::string& field) {
  return field == "product_id" || field == "create_time" || field == "update_time";
}

}  // namespace

grpc::Status PrepareProduct(v1::Product& product) {
  if (product.product_id().empty()) product.set_product_id(Slug(product.title()));
  Validator check;
  CheckProduct(product, check);
  // Without a title there is nothing to make an id from, and one violation says enough.
  if (check.ok()) check.Id("product.product_id", product.product_id());
  return check.status();
}

void CheckProduct(const v1::Product& product, Validator& check) {
  check.Text("product.title", product.title(), 1, 500);
  if (product.authors_size() > 50) check.Fail("product.authors", "TOO_MANY", "must be 50 at most");
  for (int i = 0; i < product.authors_size(); ++i) {
    check.Text(absl::StrCat("product.authors[", i, "]"), product.authors(i), 1, 200);
  }
  check.Text("product.publisher", product.publisher(), 0, 200);
  if (!product.isbn().empty() && !IsIsbn(product.isbn())) {
    check.Fail("product.isbn", "INVALID_ISBN", "must be 10 or 13 digits without dashes");
  }
  check.Text("product.description", product.description(), 0, 20'000);
  check.Range("product.page_count", product.page_count(), 0, 100'000);
  if (!product.publish_date().empty()) check.Date("product.publish_date", product.publish_date());
  if (!v1::Product::Category_IsValid(product.category())) {
    check.Fail("product.category", "UNKNOWN_VALUE", "is no category");
  }
  if (product.tags_size() > 50) check.Fail("product.tags", "TOO_MANY", "must be 50 at most");
  for (int i = 0; i < product.tags_size(); ++i) {
    check.Text(absl::StrCat("product.tags[", i, "]"), product.tags(i), 1, 100);
  }
  check.Text("product.image_url", product.image_url(), 0, 2000);
  if (product.attributes_size() > 100) check.Fail("product.attributes", "TOO_MANY", "must be 100 at most");
  for (const auto& [name, value] : product.attributes()) {
    check.Text("product.attributes", name, 1, 100);
    check.Text(absl::StrCat("product.attributes[\"", name, "\"]"), value, 0, 2000);
  }
}

void ApplyUpdate(const v1::Product& source, const FieldMask& mask, v1::Product& product, Validator& check) {
  FieldMask wanted;
  const auto want = [&wanted](const std::string& field) {
    if (!IsOutputOnly(field)) wanted.add_paths(field);
  };
  if (mask.paths_size() == 0) {
    std::vector<const FieldDescriptor*> set;
    source.GetReflection()->ListFields(source, &set);
    for (const FieldDescriptor* field : set) want(field->name());
  } else if (mask.paths_size() == 1 && mask.paths(0) == "*") {
    for (int i = 0; i < v1::Product::descriptor()->field_count(); ++i)
      want(v1::Product::descriptor()->field(i)->name());
  } else {
    for (const std::string& path : mask.paths()) {
      if (FieldMaskUtil::IsValidPath<v1::Product>(path)) {
        // The times have fields of their own, which are no more to be set than they.
        if (!IsOutputOnly(path.substr(0, path.find('.')))) wanted.add_paths(path);
      } else {
        check.Fail("update_mask", "UNKNOWN_FIELD", absl::StrCat("\"", path, "\" is not a field of a product"));
      }
    }
  }
  FieldMaskUtil::MergeOptions replace;
  replace.set_replace_message_fields(true);
  replace.set_replace_repeated_fields(true);
  FieldMaskUtil::MergeMessageTo(source, wanted, replace, &product);
}

}  // namespace shop::catalog
