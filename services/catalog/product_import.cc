#include "services/catalog/product_import.h"

#include <grpcpp/alarm.h>

#include "services/base/errors.h"
#include "services/catalog/product_rules.h"

namespace shop::catalog {
namespace {

constexpr int kMostFailures = 100;

class ProductImport final : public grpc::ServerReadReactor<v1::ImportProductsRequest> {
 public:
  ProductImport(ProductStore& store, std::chrono::milliseconds delay, v1::ImportProductsResponse* response)
      : store_(store), response_(response) {
    if (delay > std::chrono::milliseconds::zero()) {
      // A caller who leaves meanwhile makes the read fail.
      alarm_.Set(std::chrono::system_clock::now() + delay, [this](bool) { StartRead(&request_); });
    } else {
      StartRead(&request_);
    }
  }

  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::OK);
    const grpc::Status stored = Take();
    if (!stored.ok()) return Finish(stored);
    ++index_;
    StartRead(&request_);
  }

  void OnCancel() override { alarm_.Cancel(); }
  void OnDone() override { delete this; }

 private:
  // Stores the product that was read. An error ends the import.
  grpc::Status Take() {
    v1::Product& product = *request_.mutable_product();
    if (const grpc::Status wrong = PrepareProduct(product); !wrong.ok()) {
      Refuse(wrong);
      return grpc::Status::OK;
    }
    const auto added = store_.Put(product);
    if (!added.ok()) return StorageFailure(added.status());
    if (*added) {
      response_->set_created(response_->created() + 1);
    } else {
      response_->set_updated(response_->updated() + 1);
    }
    return grpc::Status::OK;
  }

  void Refuse(const grpc::Status& error) {
    response_->set_refused(response_->refused() + 1);
    if (response_->failed_size() == kMostFailures) return;
    auto& failure = *response_->add_failed();
    failure.set_index(index_);
    failure.set_product_id(request_.product().product_id());
    *failure.mutable_error() = ToMessage(error);
  }

  ProductStore& store_;
  v1::ImportProductsResponse* response_;
  v1::ImportProductsRequest request_;
  int64_t index_ = 0;
  grpc::Alarm alarm_;
};

}  // namespace

grpc::ServerReadReactor<v1::ImportProductsRequest>* ImportInto(ProductStore& store, std::chrono::milliseconds delay,
                                                               v1::ImportProductsResponse* response) {
  return new ProductImport(store, delay, response);
}

}  // namespace shop::catalog
