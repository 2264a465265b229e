#ifndef PORTICO_GATEWAY_SCHEMA_FEW_MISTAKES_H_
#define PORTICO_GATEWAY_SCHEMA_FEW_MISTAKES_H_

#include <string>

#include "absl/strings/str_cat.h"

namespace portico::schema {

// Bounds the mistakes that one file causes by itself: a file that is none of its kind (a picture, say) has hundreds of
// thousands, of which nobody reads more than the first.
class FewMistakes {
 public:
  static constexpr int kMost = 20;

  // Counts one more; whether it is to be reported.
  bool Another() { return ++count_ <= kMost; }
  bool any() const { return count_ > 0; }
  // "and 5 more mistakes in this file"; empty when all were reported.
  std::string Rest() const {
    return count_ <= kMost ? "" : absl::StrCat("and ", count_ - kMost, " more mistakes in this file");
  }

 private:
  int count_ = 0;
};

}  // namespace portico::schema

#endif  // PORTICO_GATEWAY_SCHEMA_FEW_MISTAKES_H_
