// core: a value that is seldom there. Includes std alone.
#pragma once

#include <memory>
#include <utility>

namespace p2pd {

/// As std::optional, but what is not there takes no more memory than a pointer.
template <class T>
class Rare {
public:
    Rare() = default;
    Rare(T value) : value_(std::make_unique<T>(std::move(value))) {}
    Rare(const Rare& other) {
        if (other.value_) value_ = std::make_unique<T>(*other.value_);
    }
    Rare(Rare&&) noexcept = default;
    Rare& operator=(const Rare& other) {
        Rare copy(other);
        value_ = std::move(copy.value_);
        return *this;
    }
    Rare& operator=(Rare&&) noexcept = default;
    ~Rare() = default;

    bool has_value() const { return value_ != nullptr; }
    explicit operator bool() const { return has_value(); }
    T& operator*() { return *value_; }
    const T& operator*() const { return *value_; }
    T* operator->() { return value_.get(); }
    const T* operator->() const { return value_.get(); }

    friend bool operator==(const Rare& a, const Rare& b) {
        return a.has_value() == b.has_value() && (!a.has_value() || *a == *b);
    }

private:
    std::unique_ptr<T> value_;
};

}  // namespace p2pd
