#ifndef PORTICO_TESTS_FAULTS_FAKE_SERVICES_H_
#define PORTICO_TESTS_FAULTS_FAKE_SERVICES_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gateway/schema/schema.h"

namespace portico::faults {

// Servers that answer every unary method of a schema: with a message made up from the reply's descriptor, in which
// fields have the value of the request's field of the same name, and lists have an item for each key the request asks
// for (`product_ids` gives items with these `product_id`s), for each of its `page_size`, or two.
//
// A caller says by metadata what goes wrong, so that calls of different requests do not disturb each other:
//   fake-faults: SERVICE/METHOD=FAULT;...   FAULT is fail (UNAVAILABLE), late (no answer until the caller gives up),
//                                           empty (a message without fields), malformed (bytes that are no message), or
//                                           the number of a status code
//   fake-missing: KEY                       there is no item with this key
//   fake-together: N                        calls with the same x-request-id are answered once N of them have come
//
// Thread-safe.
class FakeServices {
 public:
  // Listens on `servers` free ports of the loopback interface, all answering alike.
  FakeServices(std::shared_ptr<const schema::Schema> schema, int servers = 1);
  ~FakeServices();
  FakeServices(const FakeServices&) = delete;
  FakeServices& operator=(const FakeServices&) = delete;

  const std::string& address(size_t server = 0) const;

  // How often each method was called since the last time this was asked, by full name.
  std::map<std::string, int> TakeCalls();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace portico::faults

#endif  // PORTICO_TESTS_FAULTS_FAKE_SERVICES_H_
