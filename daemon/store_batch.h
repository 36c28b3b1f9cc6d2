// daemon: a batch of the core becomes one synced transaction. Includes std, core, the other rooms
// of the store.
#pragma once

#include <span>

#include "daemon/core/mailbox.h"
#include "daemon/store_identities.h"
#include "daemon/store_long_texts.h"
#include "daemon/store_messages.h"
#include "daemon/store_peers.h"

namespace p2pd {

class BatchWriter {
public:
    BatchWriter(StoreState& state, PeerTable& peers, MessageTable& messages,
                IdentityTable& identities, LongTexts& long_texts);

    BatchResult commit(const StoreBatch& batch);

private:
    void write(const StoreBatch& batch, BatchResult& result);
    std::optional<MessageId> repeated(const OutgoingMessage& message);
    void accept(std::span<const OutgoingMessage> accepted, BatchResult& result);
    void receive(std::span<const ReceivedMessage> received, BatchResult& result);
    MessageId accept(const OutgoingMessage& message);
    // `index` is the place in the batch.
    bool receive(const ReceivedMessage& message, std::size_t index, BatchResult& result);
    bool receive_packed(std::span<const ReceivedMessage> run, std::size_t index,
                        BatchResult& result);
    bool receive_whole(std::span<const ReceivedMessage> parts, std::size_t index,
                       BatchResult& result);
    void keep(RowId peer_id, const ReceivedMessage& message, std::size_t index,
              BatchResult& result);
    /// Our message that this one answers.
    std::optional<RowId> answered(const ReceivedMessage& message);
    void apply(std::span<const OutgoingUpdate> updates);
    bool deliver(std::span<const OutgoingUpdate> alike);
    void apply(const OutgoingUpdate& update);
    void proceed(const OutgoingUpdate& update, Progress progress);
    void reopen(const OutgoingUpdate& update, Progress progress);
    void end(const OutgoingUpdate& update, Progress progress);

    StoreState& state_;
    PeerTable& peers_;
    MessageTable& messages_;
    IdentityTable& identities_;
    LongTexts& long_texts_;
};

}  // namespace p2pd
