// bus_server: the daemon on the message bus, as org.p2pd1. Includes std, Asio, sd-bus, common.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/control_protocol.h"
#include "daemon/bus_connection.h"

namespace p2pd {

struct BusMethod;

/// Translates: a call becomes a line of the control protocol, its answer becomes the reply, so that
/// every rule is the control methods' own. What changes is told by signals.
class BusServer {
public:
    struct Hooks {
        /// A line of the control protocol, on behalf of a user; answer() brings what it gives.
        std::function<void(std::uint32_t uid, std::string_view line)> ask;
        /// Messages that changed after a cursor, in its order; a page.
        std::function<void(std::uint64_t since, std::function<void(std::vector<MessageRecord>)>)>
            changes;
        /// For the log: the bus can be used from now on, or cannot.
        std::function<void(bool usable, const std::string& what)> report;
    };

    BusServer(boost::asio::io_context& loop, MessageBus which, Hooks hooks);
    BusServer(const BusServer&) = delete;
    BusServer& operator=(const BusServer&) = delete;

    /// Does nothing when the bus is off.
    void start();
    void stop();
    void answer(std::string_view line);
    /// The store's cursor has moved.
    void changed(std::uint64_t cursor);
    /// A property may have changed; it is asked for soon, once for all that happens until then.
    void counts_changed();

private:
    friend struct BusTable;

    /// A method that is under way. It stays where it is in memory.
    struct Call {
        BusServer* server;
        std::uint64_t id;
        BusMessage message;
        const BusMethod* method;
        BusSlot credentials;
        Json params;
        std::uint32_t uid = 0;
        Json collected = Json::array();  ///< pages, of a method that gives all
    };

    void opened();
    void lost(const std::string& why);
    void request_name();
    void name_answered(sd_bus_message& reply);
    // bus_server_calls.cpp
    void begin(sd_bus_message& message);
    void subscribe(sd_bus_message& message, bool on);
    void ask_for_credentials(Call& call);
    void credentials_came(Call& call, sd_bus_message& reply);
    void ask(Call& call);
    void fail(Call& call, std::string_view code, const std::string& what);
    void collect(Call& call, const Json& result);
    void finish(Call& call, const Json& answer);
    void reply(Call& call, const Json& result);
    static void reply_error(sd_bus_message& message, std::string_view code,
                            const std::string& what);
    // bus_server.cpp: signals and properties.
    void pump();
    void take_page(const std::vector<MessageRecord>& page);
    void tell(const MessageRecord& record);
    void refresh();
    void take_status(const Json& status);
    void append_property(std::string_view name, sd_bus_message& message) const;

    MessageBus which_;
    Hooks hooks_;
    bool reported_lost_ = false;
    bool on_the_bus_ = false;  ///< the name is ours
    std::uint64_t last_id_ = 0;
    std::set<std::string, std::less<>> subscribers_;  ///< unique names
    std::uint64_t last_cursor_ = 0;
    std::uint64_t told_ = 0;  ///< the cursor up to which signals were sent
    bool reading_page_ = false;
    boost::asio::steady_timer pace_;
    bool resting_ = false;
    boost::asio::steady_timer refresh_timer_;
    bool refreshing_ = false;
    StatusResult status_;
    bool know_status_ = false;
    BusConnection connection_;
    BusSlot name_;
    std::map<std::uint64_t, Call> calls_;  ///< after the connection: its slots are freed first
};

}  // namespace p2pd
