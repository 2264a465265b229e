#include "services/base/stable_maps.h"

#include "google/protobuf/io/coded_stream.h"

// protobuf lets a program that defines this function, its friend, change what is otherwise private: "Other projects may
// use friend to allow them to call this", says coded_stream.h. The generated stubs leave no other place to ask for it.
namespace google::protobuf::internal {

void MapTestForceDeterministic() {
  io::CodedOutputStream::SetDefaultSerializationDeterministic();
}

}  // namespace google::protobuf::internal

namespace shop {

void MakeMapsStable() {
  google::protobuf::internal::MapTestForceDeterministic();
}

}  // namespace shop
