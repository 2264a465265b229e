#ifndef PORTICO_GATEWAY_CONTRACT_LEARNER_H_
#define PORTICO_GATEWAY_CONTRACT_LEARNER_H_

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gateway/config/config_loader.h"
#include "gateway/net/worker.h"
#include "gateway/upstream/cluster.h"

namespace portico {

// Keeps asking clusters for their contracts by reflection: at the start, every `refresh`, after a connection was lost,
// and as long as nobody answers a few times a second, so that a server that comes up is learned within two seconds.
// What was learned is kept while its servers are away. Every server of a cluster is asked, and what they say put
// together: while an old and a new version run side by side, the contracts are those of both. Runs as coroutines on one
// worker; functions are thread-safe.
class ContractLearner {
 public:
  struct Source {
    std::shared_ptr<upstream::Cluster> cluster;
    std::chrono::milliseconds refresh;
  };

  // `learned` is called on the worker's thread, with the cluster's name, whenever its contracts are new.
  ContractLearner(net::Worker& worker, std::function<void(const std::string& cluster)> learned);
  // REQUIRES: the worker's loop runs until then. Waits for the conversations under way to end.
  ~ContractLearner();
  ContractLearner(const ContractLearner&) = delete;
  ContractLearner& operator=(const ContractLearner&) = delete;

  // Asks these clusters from now on, and no others. One that is asked already goes on as it is.
  void Ask(std::map<std::string, Source> sources);

  // What is known.
  config::ReflectedContracts contracts() const;

 private:
  struct Loop;
  struct State;
  static Async<absl::StatusOr<std::string>> AskOne(Loop& loop, rpc::Handler& server);
  static Async<absl::StatusOr<std::string>> AskServers(Loop& loop);
  static Async<void> Run(std::shared_ptr<State> state, std::shared_ptr<Loop> loop);

  net::Worker& worker_;
  const std::shared_ptr<State> state_;
};

}  // namespace portico

#endif  // PORTICO_GATEWAY_CONTRACT_LEARNER_H_
