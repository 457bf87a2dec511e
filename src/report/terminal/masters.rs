//! One line a master, or three where there are many.

use comfy_table::{CellAlignment, Table, presets};

use super::words::short;
use crate::results::Server;
use crate::units::{show_bytes, show_count};

/// More masters than this are condensed to the slowest, the middle one and the fastest.
const MANY: usize = 16;

/// Longer addresses lose their middle: a host name may have 253 letters.
const LONGEST_ADDRESS: usize = 23;

/// The table of masters. `fill_seconds` is what their processor time is compared with.
pub(super) fn masters(servers: &[Server], fill_seconds: f64) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["master", "slots", "keys", "keys/s", "CPU", "resident"]);
    for (name, server) in selection(servers) {
        table.add_row([
            format!("{name}{}", shortened(&server.address)),
            server.slots.to_string(),
            show_count(server.keys),
            short(server.keys_per_second),
            cpu(server, fill_seconds),
            server.rss_bytes_after.map_or_else(|| "?".into(), show_bytes),
        ]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.lines().map(|line| format!(" {}\n", line.trim_end())).collect()
}

fn selection(servers: &[Server]) -> Vec<(&'static str, &Server)> {
    if servers.len() <= MANY {
        return servers.iter().map(|server| ("", server)).collect();
    }
    let mut by_speed: Vec<_> = servers.iter().collect();
    by_speed.sort_by(|a, b| a.keys_per_second.total_cmp(&b.keys_per_second));
    let places = [("slowest ", 0), ("median  ", (servers.len() - 1) / 2), ("fastest ", servers.len() - 1)];
    places.map(|(name, place)| (name, by_speed[place])).to_vec()
}

/// Busy time, as a share of one processor: a server with threads for its sockets may show more than all of it.
fn cpu(server: &Server, fill_seconds: f64) -> String {
    match (server.cpu_user_seconds, server.cpu_system_seconds) {
        (Some(user), Some(system)) if fill_seconds > 0.0 => {
            format!("{:.0}%", 100.0 * (user + system) / fill_seconds)
        }
        _ => "?".into(),
    }
}

fn shortened(address: &str) -> String {
    let letters: Vec<char> = address.chars().collect();
    if letters.len() <= LONGEST_ADDRESS {
        return address.into();
    }
    let half = (LONGEST_ADDRESS - 1) / 2;
    let (head, tail) = (&letters[..half], &letters[letters.len() - (LONGEST_ADDRESS - 1 - half)..]);
    head.iter().chain(&['…']).chain(tail).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::example;

    #[test]
    fn many_masters_are_condensed() {
        let model = example::exact().servers.remove(0);
        let servers: Vec<_> = (0..100)
            .map(|number| Server {
                address: format!("10.0.0.{number}:6379"),
                keys_per_second: f64::from((number * 37) % 100) * 1000.0,
                ..model.clone()
            })
            .collect();
        insta::assert_snapshot!(masters(&servers, 2.5));
    }

    #[test]
    fn a_long_address_keeps_both_ends() {
        let shown = shortened("clustercfg-0001-001.abcdef.use1.cache.amazonaws.com:6379");
        assert_eq!(shown, "clustercfg-…ws.com:6379");
        assert_eq!(shown.chars().count(), LONGEST_ADDRESS);
        assert_eq!(shortened("127.0.0.1:7001"), "127.0.0.1:7001");
    }
}
