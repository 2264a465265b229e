#include "tests/fuzz/contract.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

namespace portico::fuzz {

namespace pb = google::protobuf;

const schema::Schema& Contract() {
  static const std::shared_ptr<const schema::Schema> schema = [] {
    schema::Diagnostics diagnostics;
    auto loaded = schema::Schema::Load(
        {{schema::ContractSource::Kind::kProtoFolder, PORTICO_SOURCE_DIR "/tests/fuzz/contract", {}}}, diagnostics);
    FUZZ_CHECK(loaded != nullptr, diagnostics.ToString());
    return loaded;
  }();
  return *schema;
}

const schema::MessageTable& Everything() {
  static const schema::MessageTable& table = *Contract().FindMessage("fuzz.Everything");
  return table;
}

std::optional<std::string> Canonical(absl::string_view wire) {
  static auto& factory = *new pb::DynamicMessageFactory(Everything().descriptor->file()->pool());
  static const pb::Message& prototype = *factory.GetPrototype(Everything().descriptor);
  const std::unique_ptr<pb::Message> message(prototype.New());
  pb::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(wire.data()), static_cast<int>(wire.size()));
  in.SetRecursionLimit(1000);
  // The pool is not the generated one: extensions are looked up in it.
  in.SetExtensionRegistry(Everything().descriptor->file()->pool(), &factory);
  if (!message->ParsePartialFromCodedStream(&in) || !in.ConsumedEntireMessage()) return std::nullopt;
  message->DiscardUnknownFields();
  std::string bytes;
  {
    pb::io::StringOutputStream stream(&bytes);
    pb::io::CodedOutputStream out(&stream);
    out.SetSerializationDeterministic(true);
    message->SerializePartialToCodedStream(&out);
  }
  return bytes;
}

}  // namespace portico::fuzz
