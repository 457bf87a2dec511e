//! `ceiling`: how fast can these masters take a fill, whatever the client costs? Every master's
//! stream is built in memory beforehand and then only copied into the sockets, from one thread,
//! with replies off. It shares no code with the fill that it is the measure of, but for the table
//! of hash tags.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "printing is what it is for")]

mod masters;
mod send;
mod stream;

use std::fs;
use std::time::Duration;

use anyhow::{Result, ensure};
use clap::{Parser, ValueEnum};
use fillbench::units::{GIB, parse_size, parse_time, show_bytes, show_count};

use masters::Master;
use send::Sent;
use stream::{Order, Shape};

/// How fast can these masters take a fill, whatever the client costs?
///
/// Builds the streams of all masters in memory, which takes KEYS times the size of a key and its
/// value, and then only copies them into the sockets, from one thread, with CLIENT REPLY OFF. The
/// clock runs from the first byte until every master has answered CLIENT REPLY ON. The databases
/// must be empty, and are left filled.
#[derive(Parser)]
#[command(name = "ceiling")]
struct Arguments {
    /// Any node of the cluster, or a standalone server
    #[arg(long, default_value = "127.0.0.1:6379", value_name = "HOST:PORT")]
    address: String,
    /// Keys over all masters
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    keys: u64,
    /// Bytes in each key
    #[arg(long, default_value_t = 512, value_name = "BYTES")]
    key_size: usize,
    /// Bytes in each value
    #[arg(long, default_value_t = 512, value_name = "BYTES")]
    value_size: usize,
    /// What writes the keys
    #[arg(long, value_enum, default_value_t = Command::Set)]
    command: Command,
    /// Most keys in one MSET [default: what fits 128 KiB]
    #[arg(long, value_name = "KEYS", value_parser = clap::value_parser!(u64).range(1..))]
    group: Option<u64>,
    /// Slot after slot, or each key in another slot than the last
    #[arg(long, value_enum, default_value_t = Order::Slot)]
    order: Order,
    /// Most memory that the streams may take
    #[arg(long, default_value = "16GiB", value_name = "SIZE", value_parser = |text: &str| parse_size(text, GIB))]
    memory_limit: u64,
    /// Longest time that sending may take
    #[arg(long, default_value = "10m", value_name = "TIME", value_parser = parse_time)]
    timeout: Duration,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What writes the keys.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Command {
    Set,
    Mset,
}

impl Arguments {
    fn shape(&self) -> Result<Shape> {
        let mset = self.command == Command::Mset;
        ensure!(
            !(mset && self.order == Order::Stride),
            "an MSET's keys must share a slot: --command mset needs --order slot"
        );
        ensure!(mset || self.group.is_none(), "--group needs --command mset");
        let fitting = (128 * 1024 / (self.key_size + self.value_size).max(1)).max(1) as u64;
        let shape = Shape {
            keys: self.keys,
            key_size: self.key_size,
            value_size: self.value_size,
            group: mset.then(|| self.group.unwrap_or(fitting)),
            order: self.order,
        };
        let smallest = shape.smallest_key_size();
        ensure!(self.key_size >= smallest, "{} keys need --key-size {smallest} at least", self.keys);
        let needed = shape.wire_bytes_at_most(shape.keys);
        ensure!(
            needed <= self.memory_limit,
            "the streams take up to {}: take fewer keys, or a larger --memory-limit",
            show_bytes(needed)
        );
        Ok(shape)
    }
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let shape = arguments.shape()?;
    let mut masters = masters::discover(&arguments.address)?;
    for master in &mut masters {
        let keys = master.count_keys()?;
        ensure!(keys == 0, "{} holds {keys} keys: empty it first, with FLUSHALL", master.address);
    }
    eprintln!(
        "building streams of up to {} for {} master(s)",
        show_bytes(shape.wire_bytes_at_most(shape.keys)),
        masters.len()
    );
    let pool = stream::pool(shape.value_size);
    let streams: Vec<_> =
        masters.iter().map(|master| (master.address, shape.stream(&master.slots, &pool))).collect();
    let sent = send::send(streams, arguments.timeout)?;
    check(&mut masters, shape.keys)?;
    report(&arguments, &shape, &sent);
    Ok(())
}

/// A refused write is a fast one: what was not stored must not count.
fn check(masters: &mut [Master], planned: u64) -> Result<()> {
    let mut stored = 0;
    for master in masters {
        stored += master.count_keys()?;
    }
    ensure!(stored == planned, "{planned} keys were sent, and {stored} are there: is there memory for them?");
    Ok(())
}

fn report(arguments: &Arguments, shape: &Shape, sent: &Sent) {
    let seconds = sent.elapsed.as_secs_f64();
    let keys_per_second = shape.keys as f64 / seconds;
    let wire_bytes_per_second = sent.bytes as f64 / seconds;
    let cpu_seconds = sent.cpu.map(|cpu| cpu.as_secs_f64());
    let cpu_seconds_per_gb = cpu_seconds.map(|cpu| cpu / (sent.bytes as f64 / 1e9));
    if arguments.json {
        let found = serde_json::json!({
            "keys_per_second": keys_per_second,
            "wire_bytes_per_second": wire_bytes_per_second,
            "seconds": seconds,
            "keys": shape.keys,
            "wire_bytes": sent.bytes,
            "cpu_seconds": cpu_seconds,
            "cpu_seconds_per_gb": cpu_seconds_per_gb,
            "group_keys": shape.group.unwrap_or(1),
        });
        println!("{found}");
        return;
    }
    println!("{:>14} keys/s", show_count(keys_per_second as u64));
    println!("{:>14} wire bytes/s", show_count(wire_bytes_per_second as u64));
    println!("{seconds:>14.3} s");
    if let Some(cost) = cpu_seconds_per_gb {
        println!("{cost:>14.3} client CPU s/GB");
    }
}

/// Processor time of this program so far, where the kernel tells. It counts the first thread, and
/// there is no other.
fn cpu_time() -> Option<Duration> {
    let text = fs::read_to_string("/proc/self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}
