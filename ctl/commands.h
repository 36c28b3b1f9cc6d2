// ctl: the functions behind the table of commands. Includes std and common.
#pragma once

#include "common/control_protocol.h"

namespace p2pd {

class Context;

// commands_send.cpp
ExitCode run_send(Context& context);
ExitCode run_reply(Context& context);
ExitCode run_wait(Context& context);

// commands_trace.cpp
ExitCode run_trace(Context& context);

// commands_ask.cpp
ExitCode run_ask(Context& context);

// commands_list.cpp
ExitCode run_inbox(Context& context);
ExitCode run_sent(Context& context);
ExitCode run_show(Context& context);
ExitCode run_thread(Context& context);
ExitCode run_search(Context& context);

// commands_watch.cpp
ExitCode run_watch(Context& context);

// commands_chat.cpp
ExitCode run_chat(Context& context);

// commands_mark.cpp
ExitCode run_read(Context& context);
ExitCode run_unread(Context& context);
ExitCode run_retry(Context& context);
ExitCode run_cancel(Context& context);
ExitCode run_delete(Context& context);
ExitCode run_purge(Context& context);

// commands_peer.cpp
ExitCode run_peer_list(Context& context);
ExitCode run_peer_show(Context& context);
ExitCode run_peer_add(Context& context);
ExitCode run_peer_rename(Context& context);
ExitCode run_peer_remove(Context& context);

// commands_group.cpp
ExitCode run_group_list(Context& context);
ExitCode run_group_add(Context& context);
ExitCode run_group_remove(Context& context);

// commands_daemon.cpp
ExitCode run_status(Context& context);
ExitCode run_metrics(Context& context);
ExitCode run_config_show(Context& context);
ExitCode run_config_check(Context& context);
ExitCode run_reload(Context& context);
ExitCode run_log_level(Context& context);
ExitCode run_rpc(Context& context);
ExitCode run_version(Context& context);

// commands_doctor.cpp
ExitCode run_doctor(Context& context);

// commands_transfer.cpp
ExitCode run_export(Context& context);
ExitCode run_import(Context& context);
ExitCode run_backup(Context& context);

// commands_help.cpp
ExitCode run_help(Context& context);
ExitCode run_completion(Context& context);

}  // namespace p2pd
