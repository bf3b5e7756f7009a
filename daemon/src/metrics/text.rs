//! Prometheus' text format, version 0.0.4: what a scrape is answered with.

use std::fmt::{Display, Write};

use super::{Histogram, HubReport, ShardCounts};
use crate::admission::Curb;

/// Everything that there is to tell.
#[derive(Debug)]
pub(super) struct Scrape {
    pub(super) version: &'static str,
    pub(super) uptime_secs: u64,
    pub(super) connections: usize,
    /// Connections that a limit has kept from what they came for.
    pub(super) curbed: [(Curb, u64); Curb::ALL.len()],
    pub(super) hub: HubReport,
    /// Those of all shards.
    pub(super) shards: ShardCounts,
}

impl Scrape {
    /// As a scraper reads it. Labels are words of ours, which need no escaping.
    pub(super) fn text(&self) -> String {
        let Self { version, uptime_secs, connections, curbed, hub, shards } = self;
        let mut out = Exposition::default();
        out.family("parlord_build_info", "gauge", "Which parlord runs.");
        out.sample("parlord_build_info", &format!("{{version=\"{version}\"}}"), 1);
        out.gauge("parlord_uptime_seconds", "Seconds since the daemon started.", uptime_secs);
        out.gauge("parlord_connections", "Connections that are open.", connections);
        let refused = "parlord_connections_refused_total";
        let help =
            "Connections turned away, by limit; strangers were let in for a device key alone.";
        out.family(refused, "counter", help);
        for (curb, count) in curbed {
            out.sample(refused, &format!("{{limit=\"{}\"}}", curb.word()), count);
        }
        out.gauge("parlord_sessions", "Connections that are logged in.", hub.sessions);
        out.gauge("parlord_users_online", "Users who have a session.", hub.online);
        out.gauge("parlord_users", "Users, also disabled ones.", hub.users);
        out.gauge("parlord_rooms", "Rooms that live.", hub.rooms);
        out.gauge("parlord_limited", "Addresses and users who have to wait.", hub.limited);
        self.commands(&mut out);
        let seconds = |micros: u64| micros as f64 / 1e6;
        let commits = "Seconds that commits took.";
        out.histogram("parlord_commit_seconds", commits, &hub.counts.commit_micros, seconds);
        let events = "Events in a commit.";
        out.histogram("parlord_commit_events", events, &hub.counts.commit_events, |it| it as f64);
        let pushes = "Pushes put into outboxes of connections.";
        out.counter("parlord_deliveries_total", pushes, shards.deliveries);
        let waiting = "Bytes that wait for connections to read.";
        out.gauge("parlord_outbox_bytes", waiting, shards.outbox_bytes);
        let slow = "Connections ended because they did not read.";
        out.counter("parlord_slow_consumers_total", slow, shards.slow_consumers);
        let checkpoints = "Checkpoints that the hub has finished.";
        out.counter("parlord_checkpoints_total", checkpoints, hub.checkpoints);
        out.gauge("parlord_wal_bytes", "Size of the store's write-ahead log.", hub.wal_bytes);
        out.gauge("parlord_store_bytes", "Size of the store.", hub.store_bytes);
        out.gauge("parlord_free_bytes", "Bytes that the disk has left.", hub.free_bytes);
        let records = "Audit records ever made.";
        out.counter("parlord_audit_records_total", records, hub.audit_records);
        let lag = "Audit records that are not known to be in the audit files yet.";
        out.gauge("parlord_audit_lag_records", lag, hub.audit_lag);
        out.0
    }

    fn commands(&self, out: &mut Exposition) {
        let mut commands = self.hub.counts.commands.clone();
        commands.add(&self.shards.commands);
        let name = "parlord_commands_total";
        out.family(name, "counter", "Commands by kind and outcome: done, or the refusal's code.");
        for (kind, outcome, count) in commands.counted() {
            let labels = format!("{{command=\"{}\",outcome=\"{outcome}\"}}", kind.word());
            out.sample(name, &labels, count);
        }
    }
}

/// A text in the making.
#[derive(Debug, Default)]
struct Exposition(String);

impl Exposition {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
    }

    fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, "gauge", help);
        self.sample(name, "", value);
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.family(name, "counter", help);
        self.sample(name, "", value);
    }

    /// `unit` makes of a value what the name promises.
    fn histogram<const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        values: &Histogram<N>,
        unit: impl Fn(u64) -> f64,
    ) {
        self.family(name, "histogram", help);
        let bucket = format!("{name}_bucket");
        let mut up_to = 0;
        for (bound, count) in values.bounds.iter().zip(values.classes) {
            up_to += count;
            self.sample(&bucket, &format!("{{le=\"{}\"}}", unit(*bound)), up_to);
        }
        self.sample(&bucket, "{le=\"+Inf\"}", values.count);
        self.sample(&format!("{name}_sum"), "", unit(values.sum));
        self.sample(&format!("{name}_count"), "", values.count);
    }

    fn sample(&mut self, name: &str, labels: &str, value: impl Display) {
        self.line(format_args!("{name}{labels} {value}"));
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.0, "{line}").expect("invariant: a String takes what is written to it");
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use parlor_protocol::refusal::Code;
    use parlor_protocol::reply::Outcome;

    use super::*;
    use crate::metrics::{HubCounts, Kind};

    /// A daemon that has done a little of everything.
    fn scrape() -> Scrape {
        let (mut counts, mut shards) = (HubCounts::default(), ShardCounts::default());
        for millis in [0, 1, 1, 7, 5_000] {
            counts.committed(usize::try_from(millis).unwrap(), Duration::from_millis(millis));
        }
        counts.commands.note(Kind::Send, &Outcome::Done);
        counts.commands.note(Kind::Send, &Outcome::Done);
        counts.commands.note(Kind::Send, &Outcome::Refused(Code::RateLimited.into()));
        shards.commands.note(Kind::LookUp, &Outcome::Done);
        shards.commands.note(Kind::Send, &Outcome::Refused(Code::RateLimited.into()));
        shards.add(&ShardCounts { deliveries: 7, outbox_bytes: 9, ..ShardCounts::default() });
        let hub = HubReport {
            counts,
            sessions: 4,
            online: 3,
            users: 10,
            rooms: 2,
            limited: 1,
            audit_records: 41,
            audit_lag: 2,
            checkpoints: 5,
            store_bytes: 4096,
            wal_bytes: 8192,
            free_bytes: 1_000_000,
        };
        let curbed = Curb::ALL.map(|curb| (curb, curb as u64));
        Scrape { version: "0.1.0", uptime_secs: 60, connections: 5, curbed, hub, shards }
    }

    #[test]
    fn a_scrape_is_answered_in_the_text_format() {
        let text = scrape().text();
        let begins = "# HELP parlord_build_info Which parlord runs.\n\
                      # TYPE parlord_build_info gauge\nparlord_build_info{version=\"0.1.0\"} 1\n";
        assert!(text.starts_with(begins) && text.ends_with('\n'), "{text}");
        let samples: Vec<&str> = text.lines().filter(|line| !line.starts_with("# ")).collect();
        insta::assert_snapshot!(samples.join("\n"), @r#"
        parlord_build_info{version="0.1.0"} 1
        parlord_uptime_seconds 60
        parlord_connections 5
        parlord_connections_refused_total{limit="connections"} 0
        parlord_connections_refused_total{limit="connections-per-address"} 1
        parlord_connections_refused_total{limit="strangers"} 2
        parlord_connections_refused_total{limit="handshakes"} 3
        parlord_sessions 4
        parlord_users_online 3
        parlord_users 10
        parlord_rooms 2
        parlord_limited 1
        parlord_commands_total{command="send",outcome="done"} 2
        parlord_commands_total{command="look-up",outcome="done"} 1
        parlord_commands_total{command="send",outcome="rate-limited"} 2
        parlord_commit_seconds_bucket{le="0.00025"} 1
        parlord_commit_seconds_bucket{le="0.0005"} 1
        parlord_commit_seconds_bucket{le="0.001"} 3
        parlord_commit_seconds_bucket{le="0.0025"} 3
        parlord_commit_seconds_bucket{le="0.005"} 3
        parlord_commit_seconds_bucket{le="0.01"} 4
        parlord_commit_seconds_bucket{le="0.025"} 4
        parlord_commit_seconds_bucket{le="0.05"} 4
        parlord_commit_seconds_bucket{le="0.1"} 4
        parlord_commit_seconds_bucket{le="0.25"} 4
        parlord_commit_seconds_bucket{le="0.5"} 4
        parlord_commit_seconds_bucket{le="1"} 4
        parlord_commit_seconds_bucket{le="+Inf"} 5
        parlord_commit_seconds_sum 5.009
        parlord_commit_seconds_count 5
        parlord_commit_events_bucket{le="1"} 3
        parlord_commit_events_bucket{le="4"} 3
        parlord_commit_events_bucket{le="16"} 4
        parlord_commit_events_bucket{le="64"} 4
        parlord_commit_events_bucket{le="256"} 4
        parlord_commit_events_bucket{le="1024"} 4
        parlord_commit_events_bucket{le="4096"} 4
        parlord_commit_events_bucket{le="+Inf"} 5
        parlord_commit_events_sum 5009
        parlord_commit_events_count 5
        parlord_deliveries_total 7
        parlord_outbox_bytes 9
        parlord_slow_consumers_total 0
        parlord_checkpoints_total 5
        parlord_wal_bytes 8192
        parlord_store_bytes 4096
        parlord_free_bytes 1000000
        parlord_audit_records_total 41
        parlord_audit_lag_records 2
        "#);
    }
}
