// What a service with calls that do not end by themselves owes the server.
#ifndef PORTICO_SERVICES_BASE_STREAMING_H_
#define PORTICO_SERVICES_BASE_STREAMING_H_

namespace shop {

// To be implemented, beside the generated class, by a service that has such calls. Server finds it there.
class Streaming {
 public:
  virtual ~Streaming() = default;

  // Ends them, and those that begin later at once. Called when the server begins to stop, from any thread and possibly
  // more than once.
  virtual void EndStreams() = 0;
};

}  // namespace shop

#endif  // PORTICO_SERVICES_BASE_STREAMING_H_
