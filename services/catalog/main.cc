#include "services/catalog/catalog_service.h"
#include "services/rest/rest_face.h"

int main(int argc, char** argv) {
  return shop::Run(
      {"catalog", shop::catalog::CatalogService::kName, 5101, shop::catalog::CatalogService::Create, shop::ServeRest},
      argc, argv);
}
