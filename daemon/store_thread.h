// daemon: the one thread that uses the store. Includes std, Asio, store.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "daemon/store.h"

namespace p2pd {

/// Runs jobs on the store in the order in which they are posted; what each returns is handed to
/// its completion on the io_context. When nothing is to do it lets the store maintain itself.
class StoreThread {
public:
    using Failed = std::function<void()>;
    using Maintained = std::function<void(Maintenance)>;

    /// `failed` is called once, on the io_context, when the store throws; no job runs after that,
    /// no completion comes any more, and finish() says why.
    StoreThread(boost::asio::io_context& loop, std::unique_ptr<Store> store, Maintained maintained,
                Failed failed);
    ~StoreThread();
    StoreThread(const StoreThread&) = delete;
    StoreThread& operator=(const StoreThread&) = delete;

    /// Lets the jobs that are posted run to their end and closes the store. Returns what went wrong
    /// with it, if anything did.
    std::optional<std::string> finish();

    /// `job(Store&)` returns a value that `done` takes.
    template <class Job, class Done>
    void post(Job job, Done done) {
        enqueue([this, job = std::move(job), done = std::move(done)](Store& store) mutable {
            complete([result = job(store), done = std::move(done)]() mutable {
                done(std::move(result));
            });
        });
    }

private:
    using Task = std::function<void(Store&)>;

    void enqueue(Task task);
    void run();
    bool next(Task& task);
    void maintain();
    template <class Completion>
    void complete(Completion completion) {
        // A shared pointer, as the handler may hold what cannot be copied.
        auto shared = std::make_shared<Completion>(std::move(completion));
        boost::asio::post(loop_, [shared] { (*shared)(); });
    }

    boost::asio::io_context& loop_;
    std::unique_ptr<Store> store_;
    Maintained maintained_;
    Failed failed_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Task> tasks_;
    bool stopping_ = false;
    std::chrono::steady_clock::time_point aged_at_;
    std::chrono::milliseconds patience_;  ///< until maintenance; used by the thread alone, as is
    bool has_freed_memory_ = false;       ///< since the process gave some back
    std::optional<std::string> error_;    ///< until it is joined
    std::thread thread_;
};

}  // namespace p2pd
