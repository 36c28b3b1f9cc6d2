// common: a descriptor that the service manager has passed. Includes std only.
#pragma once

#include <string>
#include <unistd.h>
#include <utility>

namespace p2pd {

/// Owns the descriptor, until release(); `name` is what the manager calls it.
class PassedDescriptor {
public:
    PassedDescriptor(int descriptor, std::string name)
        : descriptor_(descriptor), name_(std::move(name)) {}
    ~PassedDescriptor() { close_now(); }
    PassedDescriptor(PassedDescriptor&& other) noexcept
        : descriptor_(other.release()), name_(std::move(other.name_)) {}
    PassedDescriptor& operator=(PassedDescriptor&& other) noexcept {
        close_now();
        descriptor_ = other.release();
        name_ = std::move(other.name_);
        return *this;
    }

    int get() const { return descriptor_; }
    int release() { return std::exchange(descriptor_, -1); }
    const std::string& name() const { return name_; }

private:
    void close_now() {
        if (descriptor_ >= 0) close(descriptor_);
    }

    int descriptor_;
    std::string name_;
};

}  // namespace p2pd
