#include "gateway/protocol/enveloped_messages.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gateway/http/content_coding.h"

namespace portico::protocol {

absl::Status CheckCompression(absl::string_view compression) {
  compression = absl::StripAsciiWhitespace(compression);
  if (compression.empty() || absl::EqualsIgnoreCase(compression, "identity")) return absl::OkStatus();
  for (const absl::string_view name : absl::StrSplit(kMessageCompressions, ", ")) {
    if (absl::EqualsIgnoreCase(name, compression)) return absl::OkStatus();
  }
  return absl::UnimplementedError(
      absl::StrCat("the message is compressed in a way that is not known; known are ", kMessageCompressions));
}

absl::StatusOr<std::string> Decompress(absl::string_view compression, absl::string_view bytes, size_t limit) {
  compression = absl::StripAsciiWhitespace(compression);
  if (compression.empty() || absl::EqualsIgnoreCase(compression, "identity")) return std::string(bytes);
  if (absl::Status known = CheckCompression(compression); !known.ok()) return known;
  // Connect's specification: what is empty is not unpacked, and clients do not pack it.
  if (bytes.empty()) return std::string();
  absl::StatusOr<std::string> decoded = http::DecodeContent(compression, bytes, limit);
  // What HTTP would answer is not what these protocols do.
  if (!decoded.ok()) return absl::Status(decoded.status().code(), decoded.status().message());
  return decoded;
}

Async<absl::StatusOr<bool>> EnvelopedMessages::Next(rpc::Payload* message) {
  while (true) {
    absl::Status status = envelopes_.Read(&rest_);
    if (status.ok() && envelopes_.complete()) {
      status = Decode(message);
      if (!status.ok()) co_return status;
      co_return true;
    }
    if (!status.ok()) co_return status;
    const absl::StatusOr<bool> more = co_await body_.Read(&piece_);
    if (!more.ok()) co_return more.status();
    if (!*more) {
      if (text_.partial()) co_return absl::InvalidArgumentError("the body ends within a group of base64");
      if (envelopes_.partial()) co_return absl::InvalidArgumentError("the body ends within a message");
      co_return false;
    }
    if (!form_.text) {
      rest_ = piece_;
      continue;
    }
    decoded_.clear();
    if (!text_.Read(piece_, &decoded_)) co_return absl::InvalidArgumentError("the body is not base64");
    rest_ = decoded_;
  }
}

absl::Status EnvelopedMessages::Decode(rpc::Payload* message) {
  const uint8_t flags = envelopes_.flags();
  std::string data = envelopes_.Take();
  if ((flags & ~kCompressedFlag) != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("a message has flags that no request has: 0x", absl::Hex(flags, absl::kZeroPad2)));
  }
  if ((flags & kCompressedFlag) != 0) {
    if (form_.compression.empty() || absl::EqualsIgnoreCase(form_.compression, "identity")) {
      return absl::InternalError("a message is compressed, but no compression was announced");
    }
    absl::StatusOr<std::string> unpacked = Decompress(form_.compression, data, endpoint_.max_message_bytes);
    if (!unpacked.ok()) return unpacked.status();
    data = *std::move(unpacked);
  }
  *message = rpc::Payload();
  return DecodeMessage(form_.codec, *endpoint_.method->input, *endpoint_.types, data, &message->buffer());
}

Async<absl::StatusOr<rpc::Payload>> EnvelopedMessages::Only() {
  rpc::Payload only;
  absl::StatusOr<bool> read = co_await Next(&only);
  if (!read.ok()) co_return read.status();
  if (!*read) co_return absl::UnimplementedError("the request has no message; the method takes one");
  rpc::Payload second;
  read = co_await Next(&second);
  if (!read.ok()) co_return read.status();
  if (*read) co_return absl::UnimplementedError("the request has several messages; the method takes one");
  co_return only;
}

}  // namespace portico::protocol
