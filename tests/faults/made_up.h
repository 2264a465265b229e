#ifndef PORTICO_TESTS_FAULTS_MADE_UP_H_
#define PORTICO_TESTS_FAULTS_MADE_UP_H_

#include <google/protobuf/message.h>

#include <string>

namespace portico::faults {

// Fills every field of `reply` with a plausible value, as FakeServices promises. Items whose key is `missing` are left
// out.
void MakeUp(const google::protobuf::Message& request, const std::string& missing, google::protobuf::Message* reply);

}  // namespace portico::faults

#endif  // PORTICO_TESTS_FAULTS_MADE_UP_H_
