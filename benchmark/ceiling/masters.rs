//! Finds the masters and their slots from one address, and counts their keys. Knows nothing of
//! streams.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use fillbench::slots::SLOTS;

/// Longest wait for an answer: a server may be busy giving memory back.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Longest bulk string and longest array that a server's answer here can need.
const ANSWER_MAX: usize = 1 << 20;

/// A node that owns slots.
pub(crate) struct Master {
    pub(crate) address: SocketAddr,
    /// Its slots, ascending.
    pub(crate) slots: Vec<u16>,
    control: Connection,
}

impl Master {
    pub(crate) fn count_keys(&mut self) -> Result<u64> {
        match self.control.call(&["DBSIZE"])? {
            Answer::Integer(keys) => Ok(keys.try_into()?),
            other => bail!("{} answered DBSIZE with {other:?}", self.address),
        }
    }
}

/// The masters of the cluster that `address` belongs to, or the standalone server there.
pub(crate) fn discover(address: &str) -> Result<Vec<Master>> {
    let address = resolve(address)?;
    let mut seed = Connection::open(address)?;
    let rows = match seed.call(&["CLUSTER", "SLOTS"])? {
        Answer::Array(rows) => rows,
        Answer::Error(text) if text.contains("cluster support disabled") => {
            return Ok(vec![Master { address, slots: (0..SLOTS).collect(), control: seed }]);
        }
        other => bail!("{address} answered CLUSTER SLOTS with {other:?}"),
    };
    let mut found: Vec<(SocketAddr, Vec<u16>)> = Vec::new();
    for row in rows {
        let (owner, first, last) = owned(&row, address).with_context(|| format!("odd slots: {row:?}"))?;
        match found.iter_mut().find(|(known, _)| *known == owner) {
            Some((_, slots)) => slots.extend(first..=last),
            None => found.push((owner, (first..=last).collect())),
        }
    }
    let covered: usize = found.iter().map(|(_, slots)| slots.len()).sum();
    ensure!(covered == usize::from(SLOTS), "the cluster covers {covered} of {SLOTS} slots");
    let open = |(address, mut slots): (SocketAddr, Vec<u16>)| {
        slots.sort_unstable();
        Ok(Master { address, slots, control: Connection::open(address)? })
    };
    found.into_iter().map(open).collect()
}

/// Reads `[first, last, [host, port, …], …]`. A node that does not know its own name is where it
/// was asked.
fn owned(row: &Answer, asked: SocketAddr) -> Option<(SocketAddr, u16, u16)> {
    let Answer::Array(row) = row else { return None };
    let [Answer::Integer(first), Answer::Integer(last), Answer::Array(master), ..] = &row[..] else {
        return None;
    };
    let [host, Answer::Integer(port), ..] = &master[..] else { return None };
    let port = u16::try_from(*port).ok()?;
    let address = match host {
        Answer::Text(host) if !host.is_empty() => resolve(&format!("{host}:{port}")).ok()?,
        _ => SocketAddr::new(asked.ip(), port),
    };
    Some((address, (*first).try_into().ok()?, (*last).try_into().ok()?))
}

fn resolve(address: &str) -> Result<SocketAddr> {
    let mut found = address.to_socket_addrs().with_context(|| format!("no such address: {address}"))?;
    found.next().with_context(|| format!("{address} has no address"))
}

/// One answer of a server, in RESP2.
#[derive(Debug)]
enum Answer {
    Text(String),
    Error(String),
    Integer(i64),
    Array(Vec<Answer>),
    Nothing,
}

/// A connection that waits for each answer.
struct Connection(BufReader<TcpStream>);

impl Connection {
    fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&address, ANSWER_TIMEOUT)
            .with_context(|| format!("no connection to {address}"))?;
        stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
        Ok(Self(BufReader::new(stream)))
    }

    fn call(&mut self, words: &[&str]) -> Result<Answer> {
        let line = format!("{}\r\n", words.join(" "));
        self.0.get_mut().write_all(line.as_bytes())?;
        read_answer(&mut self.0).with_context(|| format!("no good answer to {}", words.join(" ")))
    }
}

fn read_answer(from: &mut impl BufRead) -> Result<Answer> {
    let mut line = String::new();
    from.read_line(&mut line)?;
    let line = line.trim_end();
    let (kind, rest) = line.split_at_checked(1).context("the connection was closed")?;
    let length = || -> Result<Option<usize>> {
        let length: i64 = rest.parse()?;
        ensure!(length <= ANSWER_MAX as i64, "an answer of {length} is too long");
        Ok(usize::try_from(length).ok())
    };
    Ok(match kind {
        "+" => Answer::Text(rest.into()),
        "-" => Answer::Error(rest.into()),
        ":" => Answer::Integer(rest.parse()?),
        "$" => match length()? {
            None => Answer::Nothing,
            Some(length) => {
                let mut bytes = vec![0; length + 2];
                from.read_exact(&mut bytes)?;
                bytes.truncate(length);
                Answer::Text(String::from_utf8(bytes)?)
            }
        },
        "*" => match length()? {
            None => Answer::Nothing,
            Some(length) => Answer::Array((0..length).map(|_| read_answer(from)).collect::<Result<_>>()?),
        },
        _ => bail!("not RESP2: {line}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_slots_names_its_master_and_not_its_replicas() {
        let text = "*4\r\n:0\r\n:5460\r\n*3\r\n$9\r\n127.0.0.2\r\n:7000\r\n$2\r\nid\r\n*2\r\n$9\r\n127.0.0.3\r\n:7003\r\n";
        let row = read_answer(&mut text.as_bytes()).unwrap();
        let asked = "127.0.0.1:7000".parse().unwrap();
        assert_eq!(owned(&row, asked), Some(("127.0.0.2:7000".parse().unwrap(), 0, 5460)));
    }

    #[test]
    fn a_master_without_a_name_is_where_it_was_asked() {
        for host in ["$0\r\n\r\n", "$-1\r\n"] {
            let text = format!("*3\r\n:1\r\n:2\r\n*2\r\n{host}:7001\r\n");
            let row = read_answer(&mut text.as_bytes()).unwrap();
            let asked = "10.0.0.9:7000".parse().unwrap();
            assert_eq!(owned(&row, asked), Some(("10.0.0.9:7001".parse().unwrap(), 1, 2)));
        }
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        for text in ["", "?\r\n", ":many\r\n", "$99999999\r\n", "$3\r\nab"] {
            assert!(read_answer(&mut text.as_bytes()).is_err(), "{text:?}");
        }
    }
}
