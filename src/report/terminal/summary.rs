//! The record as a person reads it, verdict first, below 80 columns.

use super::incidents;
use super::masters::masters;
use super::words::{byte_rate, key_rate, keys, micros, percent, short, span, wrap};
use crate::results::{Failure, LimitedBy, Record, RefusalCount, Target, Verdict};
use crate::units::{plural, show_bytes, show_count};

/// Width of the labels on the left.
pub(super) const LABEL: usize = 13;
/// What our own servers are called.
const OWN_SERVER: &str = "fillbench";

/// The whole summary; with `colour`, the verdict is coloured for a terminal.
pub fn summary(record: &Record, colour: bool) -> String {
    let mut text = headline(record, colour);
    if record.limited_by == LimitedBy::Client {
        let why = match &*record.limited_by_because {
            "" => String::new(),
            because => format!(" ({because})"),
        };
        let text_of = format!(
            "THIS CLIENT WAS THE LIMIT, not the servers{why}: the figures say what it can send, not what they can take"
        );
        text += &wrap("caution: ", 9, &text_of);
        text += &record.limited_by_cure.as_ref().map_or_else(String::new, |cure| wrap("    try: ", 9, cure));
    }
    for (place, (label, fact)) in facts(record).into_iter().enumerate() {
        if place == 0 {
            text.push('\n');
        }
        text += &wrap(&format!("  {label:<width$}", width = LABEL - 2), LABEL, &fact);
    }
    if !record.servers.is_empty() {
        text.push('\n');
        text += &masters(&record.servers, record.seconds.fill);
    }
    text
}

/// The verdict, and all that is to be said where it is not the best one.
pub(super) fn headline(record: &Record, colour: bool) -> String {
    let (word, rest) = verdict(record);
    let mut text = painted(record.verdict, word, &rest, colour);
    for trouble in troubles(record) {
        text += &wrap("  ", 4, &trouble);
    }
    text += &failure(record.error.as_ref());
    match &record.resume_command {
        // A line of its own, whatever its length: it is to be copied.
        Some(command) => text + &format!("  to go on: {command}\n"),
        None => text,
    }
}

/// The verdict's word, coloured for a terminal if asked, and what it means.
pub(super) fn painted(verdict: Verdict, word: &str, rest: &str, colour: bool) -> String {
    let paint = match verdict {
        _ if !colour => None,
        Verdict::Exact => Some(32),
        Verdict::Discarded => Some(36),
        Verdict::Interrupted | Verdict::Unfinished => Some(33),
        Verdict::Missing | Verdict::Wrong | Verdict::Failed => Some(31),
    };
    let text = wrap("", 2, &format!("{word}: {rest}"));
    match paint {
        // Painted after wrapping, because paint has no width.
        Some(paint) => text.replacen(word, &format!("\x1b[1;{paint}m{word}\x1b[0m"), 1),
        None => text,
    }
}

/// What went wrong, and what to do about it.
pub(super) fn failure(error: Option<&Failure>) -> String {
    let Some(error) = error else { return String::new() };
    let cure = error.cure.as_ref().map_or_else(String::new, |cure| wrap("    try: ", 9, cure));
    wrap("  error: ", 9, &error.message) + &cure
}

fn verdict(record: &Record) -> (&'static str, String) {
    let account = &record.account;
    let planned = keys(account.planned);
    let missing = show_count(account.missing.unwrap_or(0));
    let wrong = show_count(account.wrong.unwrap_or(0));
    let done = format!("{} executed, {} proven", show_count(account.executed), show_count(account.proven));
    match record.verdict {
        Verdict::Exact if account.planned == 1 => ("exact", "the one key is proven to be there".into()),
        Verdict::Exact => ("exact", format!("all {planned} are proven to be there")),
        Verdict::Missing if account.wrong.unwrap_or(0) > 0 => {
            ("missing", format!("{missing} of {planned} are not there, and {wrong} have another value"))
        }
        Verdict::Missing => ("missing", format!("{missing} of {planned} are not there")),
        Verdict::Wrong => ("wrong", format!("{wrong} of {planned} have another value")),
        Verdict::Failed if account.executed == 0 => ("failed", "no key was written".into()),
        Verdict::Failed => ("failed", format!("of {planned}, {done}")),
        Verdict::Interrupted => ("interrupted", format!("of {planned}, {done}")),
        Verdict::Unfinished => ("unfinished", format!("of {planned}, {done}")),
        Verdict::Discarded => (
            "discarded",
            format!("{planned} were sent, parsed and counted, and thrown away as asked: none is there"),
        ),
    }
}

/// What else the account holds that should not be there.
fn troubles(record: &Record) -> Vec<String> {
    let account = &record.account;
    let mut said = Vec::new();
    let mut tell = |count: u64, what: &str| {
        if count > 0 {
            said.push(format!("{} {what}", show_count(count)));
        }
    };
    if record.verdict != Verdict::Discarded {
        tell(account.suspect, "neither proven nor disproven");
    }
    if let Some(acknowledged) = account.acknowledged {
        tell(
            account.proven.saturating_sub(acknowledged),
            "proven, and on fewer replicas than --wait-replicas",
        );
    }
    tell(account.repaired, "written again after they were found short");
    tell(account.evicted, "evicted by the servers: raise maxmemory, or fill less");
    tell(account.refused, "write commands refused");
    for RefusalCount { master, error, count } in &account.refusals {
        said.push(format!("{master} counted {}", plural(*count, &format!("{error} error"))));
    }
    said
}

/// Label and fact, in the order of interest.
fn facts(record: &Record) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if !record.target.mode.is_empty() {
        facts.push(("into", place(&record.target)));
    }
    facts.extend(workers(record).map(|workers| ("workers", workers)));
    if record.resumed.keys_before > 0 {
        facts.push(("resumed", format!("{} were there before", keys(record.resumed.keys_before))));
    }
    if record.done.keys > 0 {
        facts.insert(0, ("filled", filled(record)));
        facts.push(("with", method(record)));
        facts.push(("rate", rate(record)));
        let spread = &record.rates.interval_keys_per_second;
        if spread.max > 0.0 {
            let [min, median, max] = [spread.min, spread.median, spread.max].map(short);
            facts.push(("per second", format!("min {min}, median {median}, max {max} keys/s")));
        }
        facts.push(("pipelines", latency(record)));
        facts.push(("client", client(record)));
        facts.push(("limited by", limit(record)));
        facts.extend(memory(record).map(|memory| ("memory", memory)));
        facts.extend(replicas(record).map(|replicas| ("replicas", replicas)));
    }
    if !record.account.proven_by.is_empty() {
        let by = record.account.proven_by.iter().map(|(how, count)| format!("{} by {how}", keys(*count)));
        let by = by.collect::<Vec<_>>().join(", ");
        facts.push(("proof", format!("{by}, in {}", span(record.seconds.proof))));
    }
    facts.extend(incidents::listed(record).map(|listed| ("incidents", listed)));
    facts
}

/// Whose share this was, or how all workers filled together.
fn workers(record: &Record) -> Option<String> {
    let count = record.options.worker_count?;
    let Some(workers) = &record.workers else {
        let index = record.options.worker_index?;
        return Some(format!("this is worker {index}/{count}"));
    };
    let (share, skew) = (100.0 * workers.overlap_share, span(workers.start_skew_seconds));
    Some(format!("{count}, all at work for {share:.0}% of the time; the last began {skew} after the first"))
}

fn filled(record: &Record) -> String {
    let (done, options) = (&record.done, &record.options);
    format!(
        "{} of {}+{} bytes, {}, in {}",
        keys(done.keys),
        options.key_size,
        options.value_size,
        show_bytes(done.payload_bytes),
        span(record.seconds.fill),
    )
}

/// Where it was: `cluster of 3 masters, valkey 9.1.2`.
pub(super) fn place(target: &Target) -> String {
    let replicas = match target.replicas {
        0 => String::new(),
        some => format!(" and {}", plural(some, "replica")),
    };
    let masters = plural(target.masters, "master");
    let embedded = if target.kind == "embedded" { "embedded " } else { "" };
    format!("{embedded}{} of {masters}{replicas}, {} {}", target.mode, target.server, target.version)
}

fn method(record: &Record) -> String {
    let done = &record.done;
    let command = match done.group_keys {
        0 | 1 => done.command.clone(),
        many => format!("{} of {many} keys", done.command),
    };
    format!(
        "{command}, {} order, replies {}, pipelines of {}, {} in flight, {} per master, {}",
        done.order,
        done.reply,
        keys(done.pipeline_depth),
        done.window,
        plural(done.writers, "writer"),
        plural(done.threads, "thread"),
    )
}

fn rate(record: &Record) -> String {
    let rates = &record.rates;
    format!(
        "{}, {} of payload, {} on the wire",
        key_rate(rates.keys_per_second),
        byte_rate(rates.payload_bytes_per_second),
        byte_rate(rates.wire_bytes_per_second),
    )
}

fn latency(record: &Record) -> String {
    let latency = &record.latency_us;
    let [p50, p90, p99, p99_9, max] =
        [latency.p50, latency.p90, latency.p99, latency.p99_9, latency.max].map(micros);
    format!("p50 {p50}, p90 {p90}, p99 {p99}, p99.9 {p99_9}, max {max}")
}

fn client(record: &Record) -> String {
    let client = &record.client;
    let share = client.cpu_seconds / record.seconds.fill.max(f64::MIN_POSITIVE);
    // Embedded servers are in the same process: their memory cannot be told from the client's.
    let embedded = record.target.kind == "embedded";
    let told = record.servers.iter().all(|server| server.cpu_user_seconds.is_some());
    let with = |is_so: bool| if is_so { " with the servers" } else { "" };
    format!(
        "{:.2} CPU-seconds ({:.0}% of one CPU){}, {:.0}% waiting, peak {}{}",
        client.cpu_seconds,
        100.0 * share,
        with(embedded && !told),
        100.0 * client.waiting_share,
        show_bytes(client.peak_rss_bytes),
        with(embedded),
    )
}

/// What limited it and why; what would help, where that does not stand above.
fn limit(record: &Record) -> String {
    let by = match record.limited_by {
        // Why stands above.
        LimitedBy::Client => return "THIS CLIENT".into(),
        LimitedBy::Server => "the servers",
        LimitedBy::Network => "the network, or waiting",
        LimitedBy::Rate => "--rate, as asked",
        LimitedBy::Unknown => "unknown",
    };
    let cure = record.limited_by_cure.as_ref().map_or_else(String::new, |cure| format!("; try {cure}"));
    match &*record.limited_by_because {
        "" => by.into(),
        because => format!("{by}: {because}{cure}"),
    }
}

/// The servers' resident memory; whether they had it already makes a threefold difference in speed. Our
/// own count what they keep, and cannot say what is resident.
fn memory(record: &Record) -> Option<String> {
    let before: u64 = record.servers.iter().map(|server| server.rss_bytes_before).sum::<Option<u64>>()?;
    let after: u64 = record.servers.iter().map(|server| server.rss_bytes_after).sum::<Option<u64>>()?;
    if record.target.server == OWN_SERVER {
        return Some(format!(
            "{} before, {} after, as the servers count it",
            show_bytes(before),
            show_bytes(after)
        ));
    }
    let new = percent(after.saturating_sub(before), record.done.payload_bytes);
    let kind = if new >= 50 { "a cold fill; the next is faster" } else { "a warm fill" };
    Some(format!("{} before, {} after ({kind})", show_bytes(before), show_bytes(after)))
}

/// How many replicas had everything, if there are any and the servers told.
fn replicas(record: &Record) -> Option<String> {
    let all: u64 = record.servers.iter().map(|server| server.replicas).sum::<Option<u64>>()?;
    let having: u64 =
        record.servers.iter().map(|server| server.replicas_acknowledged).sum::<Option<u64>>()?;
    let waited = record.options.wait_replicas;
    let waited =
        waited.map_or_else(String::new, |n| format!("; a key counted when {n} of its master's had it"));
    (all > 0).then(|| format!("{having} of {all} had everything when the run ended{waited}"))
}

#[cfg(test)]
mod tests {
    use super::super::words::WIDTH;
    use super::*;
    use crate::results::example;

    #[test]
    fn an_exact_run() {
        insta::assert_snapshot!(summary(&example::exact(), false));
    }

    #[test]
    fn a_run_with_missing_keys() {
        insta::assert_snapshot!(summary(&example::missing(), false));
    }

    #[test]
    fn a_run_that_failed_before_the_first_key() {
        insta::assert_snapshot!(summary(&example::failed(), false));
    }

    #[test]
    fn a_run_limited_by_the_client_says_so_at_the_top() {
        let mut record = example::exact();
        record.limited_by = LimitedBy::Client;
        let text = summary(&record, false);
        assert!(text.lines().nth(1).unwrap().contains("THIS CLIENT WAS THE LIMIT"), "{text}");
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let (why, cure) = (&record.limited_by_because, record.limited_by_cure.as_ref().unwrap());
        assert!(words.contains(why) && words.contains(&format!("try: {cure}")), "{text}");
    }

    #[test]
    fn figures_that_hold_embedded_servers_say_so() {
        let mut record = example::exact();
        (record.target.kind, record.target.server) = ("embedded".into(), "fillbench".into());
        let words = |record: &Record| summary(record, false).split_whitespace().collect::<Vec<_>>().join(" ");
        let text = words(&record);
        for part in
            ["embedded cluster of 3 masters", "peak 42.0 MiB with the servers", "as the servers count"]
        {
            assert!(text.contains(part), "{text}");
        }
        assert!(!text.contains("of one CPU) with the servers"), "{text}");
        record.servers[1].cpu_user_seconds = None;
        assert!(words(&record).contains("of one CPU) with the servers"));
    }

    #[test]
    fn what_was_thrown_away_is_not_told_as_trouble() {
        let mut record = example::exact();
        record.verdict = Verdict::Discarded;
        let account = &mut record.account;
        (account.proven, account.suspect, account.missing) = (0, account.planned, None);
        let text = headline(&record, false);
        assert!(text.starts_with("discarded: 6,990,507 keys were sent"), "{text}");
        assert!(text.contains("none is there") && !text.contains("neither"), "{text}");
    }

    #[test]
    fn every_verdict_has_its_words_and_its_colour() {
        let mut record = example::missing();
        let mut lines = Vec::new();
        for verdict in [
            Verdict::Exact,
            Verdict::Missing,
            Verdict::Wrong,
            Verdict::Failed,
            Verdict::Interrupted,
            Verdict::Unfinished,
            Verdict::Discarded,
        ] {
            record.verdict = verdict;
            lines.push(headline(&record, true).lines().next().unwrap().replace('\x1b', "ESC"));
        }
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn no_line_is_wider_than_a_small_terminal() {
        let mut record = example::missing();
        record.error =
            Some(crate::results::Failure { message: "long ".repeat(60), cure: Some("words ".repeat(60)) });
        for server in &mut record.servers {
            server.address = format!("{}.cache.example.com:6379", "subdomain.".repeat(9));
        }
        let text = summary(&record, false);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
    }
}
