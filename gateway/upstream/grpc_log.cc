#include "gateway/upstream/grpc_log.h"

#include <grpc/support/log.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace portico::upstream {
namespace {

using Take = std::function<void(const char*, const std::string&, const std::string&)>;

// Set once; the library may log until the process ends.
const Take* taking = nullptr;

void Log(gpr_log_func_args* args) {
  const char* const severity = args->severity == GPR_LOG_SEVERITY_ERROR  ? "error"
                               : args->severity == GPR_LOG_SEVERITY_INFO ? "info"
                                                                         : "debug";
  absl::string_view file = args->file;
  file.remove_prefix(file.rfind('/') + 1);  // npos + 1 is 0
  (*taking)(severity, absl::StrCat(file, ":", args->line), args->message);
}

}  // namespace

void TakeGrpcLog(Take take) {
  taking = new Take(std::move(take));
  gpr_set_log_function(Log);
}

}  // namespace portico::upstream
