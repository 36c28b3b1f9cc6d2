// daemon: the one thread that uses the store. Includes std, Asio, store, common.
#include "daemon/store_thread.h"

#include <chrono>
#include <utility>

#include "common/heap.h"

namespace p2pd {

namespace {

/// Maintenance must not get between a message and the answer to it. Once it is quiet, one piece
/// follows the other until something is to do.
constexpr std::chrono::milliseconds quiet_time{100};
constexpr std::chrono::seconds maintenance_interval{10};

}  // namespace

StoreThread::StoreThread(boost::asio::io_context& loop, std::unique_ptr<Store> store,
                         Maintained maintained, Failed failed)
    : loop_(loop),
      store_(std::move(store)),
      maintained_(std::move(maintained)),
      failed_(std::move(failed)),
      aged_at_(std::chrono::steady_clock::now()),
      patience_(quiet_time),
      thread_([this] { run(); }) {}

StoreThread::~StoreThread() {
    finish();
}

std::optional<std::string> StoreThread::finish() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
    return error_;
}

void StoreThread::enqueue(Task task) {
    {
        const std::lock_guard lock(mutex_);
        tasks_.push_back(std::move(task));
    }
    wake_.notify_one();
}

void StoreThread::run() {
    try {
        Task task;
        while (next(task)) {
            if (task) {
                task(*store_);
                task = nullptr;
                patience_ = quiet_time;
                has_freed_memory_ = true;
            } else {
                maintain();
            }
        }
        store_->checkpoint();
    } catch (const std::exception& error) {
        error_ = error.what();
        complete([this] { failed_(); });
    }
}

/// The next task, or an empty one when it is time for maintenance. False at the end.
bool StoreThread::next(Task& task) {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, patience_, [this] { return stopping_ || !tasks_.empty(); });
    if (tasks_.empty()) return !stopping_;
    task = std::move(tasks_.front());
    tasks_.pop_front();
    return true;
}

void StoreThread::maintain() {
    const bool is_quiet = patience_ == maintenance_interval;
    if (is_quiet && std::exchange(has_freed_memory_, false)) return_freed_memory();
    const auto steady = std::chrono::steady_clock::now();
    store_->age(std::chrono::duration_cast<Duration>(steady - std::exchange(aged_at_, steady)));
    const auto wall =
        std::chrono::time_point_cast<WallTime::duration>(std::chrono::system_clock::now());
    Maintenance done = store_->maintain(wall);
    patience_ = done.more ? std::chrono::milliseconds{0} : maintenance_interval;
    complete([this, done = std::move(done)]() mutable { maintained_(std::move(done)); });
}

}  // namespace p2pd
