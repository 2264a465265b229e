#ifndef PORTICO_TESTS_TRANSCODE_TEST_CONTRACTS_H_
#define PORTICO_TESTS_TRANSCODE_TEST_CONTRACTS_H_

#include <memory>
#include <string>

#include "gateway/schema/message_table.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/dynamic_message.h"

namespace portico::transcode {

// The message types of test_contracts.cc, which has some as the text of .proto files (tests.All3, tests.All2 and the
// requests), and of every3.proto and every2.proto beside it: tests.Every3 and tests.Every2 have every kind of field
// that proto3 and proto2 know, repeated, packed, as a map's value, in a oneof and as an extension.
class TestContracts {
 public:
  static const TestContracts& Get();

  const schema::MessageTable& Table(const std::string& name) const;
  const schema::TypeResolver& types() const { return tables_; }
  const google::protobuf::DescriptorPool& pool() const { return pool_; }

  // An empty message of the type.
  std::unique_ptr<google::protobuf::Message> New(const std::string& name) const;
  // The wire bytes of a message given as protobuf text.
  std::string Wire(const std::string& name, const std::string& text) const;
  // The protobuf text of a message, on one line.
  std::string Text(const std::string& name, const std::string& wire) const;

 private:
  TestContracts();

  google::protobuf::DescriptorPool pool_;
  mutable google::protobuf::DynamicMessageFactory factory_;
  schema::Tables tables_;
};

}  // namespace portico::transcode

#endif  // PORTICO_TESTS_TRANSCODE_TEST_CONTRACTS_H_
