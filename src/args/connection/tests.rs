//! Command lines, and what they come to.

use clap::Parser;

use super::*;

#[derive(Parser, Debug)]
#[command(disable_help_flag = true)]
struct Cli {
    #[command(flatten)]
    connection: ConnectionArgs,
}

fn parse(line: &str) -> Result<ConnectionArgs, String> {
    let words = ["test"].into_iter().chain(line.split_whitespace());
    Cli::try_parse_from(words).map(|cli| cli.connection).map_err(|error| error.to_string())
}

/// What a command line comes to, without variables and without a terminal.
fn check(line: &str) -> Result<Site, String> {
    let no_terminal = || Err(UsageError::new("no terminal"));
    parse(line)?.check(None, no_terminal).map_err(|error| error.to_string())
}

fn address(line: &str) -> String {
    check(line).unwrap().address.to_string()
}

/// User and password of a command line, with `REDISCLI_AUTH` set, and `asked` typed when asked.
fn credentials(line: &str) -> Option<(Option<String>, String)> {
    let site = parse(line).unwrap().check(Some("variable".into()), || Ok("asked".into())).unwrap();
    site.connector.credentials.map(|found| (found.user, found.password.expose().to_owned()))
}

#[test]
fn addresses_as_redis_cli_has_them() {
    assert_eq!(address(""), "127.0.0.1:6379");
    assert_eq!(address("-p 7000 -c"), "127.0.0.1:7000");
    assert_eq!(address("-h example.org"), "example.org:6379");
    assert_eq!(address("--host ::1 --port 1"), "[::1]:1");
    assert_eq!(address("-s /run/redis.sock -n 3"), "/run/redis.sock");
    assert_eq!(address("-u redis://h:1/2 -n 2"), "h:1");
    assert_eq!(check("-u redis://h/2 -n 2").unwrap().connector.database, 2);
}

#[test]
fn what_goes_with_a_password_goes_without_asking_for_it() {
    let asked =
        |line: &str| parse(line).unwrap().without_asking().check(None, || Err(UsageError::new("asked")));
    assert!(asked("--user me --askpass").is_ok() && asked("--askpass").is_ok());
    let error = asked("-u redis://me:pw@h --askpass").unwrap_err().to_string();
    assert!(error.starts_with("the URI holds a password already"), "{error}");
    let error = asked("--user me").unwrap_err().to_string();
    assert!(error.starts_with("--user wants a password"), "{error}");
}

#[test]
fn h_alone_asks_for_help() {
    assert!(parse("-h").unwrap().wants_help());
    assert!(parse("-h -p 7000").unwrap().wants_help());
    assert!(!parse("-h localhost").unwrap().wants_help());
    assert!(!parse("").unwrap().wants_help());
}

#[test]
fn a_server_is_named_by_any_part_of_its_address() {
    for line in ["-h a", "-p 1", "-s /a", "-u redis://", "-a pw", "--user me", "--askpass", "--tls"] {
        assert!(parse(line).unwrap().names_a_server(), "{line}");
    }
    assert!(!parse("-n 1").unwrap().names_a_server());
}

#[test]
fn what_is_given_goes_before_the_variable() {
    let of = |user: Option<&str>, password: &str| Some((user.map(str::to_owned), password.to_owned()));
    assert_eq!(credentials(""), of(None, "variable"));
    assert_eq!(credentials("--user me"), of(Some("me"), "variable"));
    assert_eq!(credentials("-a -pw"), of(None, "-pw"));
    assert_eq!(credentials("--password pw --user me"), of(Some("me"), "pw"));
    assert_eq!(credentials("--askpass"), of(None, "asked"));
    assert_eq!(credentials("-u redis://me:pw@h --user me"), of(Some("me"), "pw"));
    assert_eq!(credentials("-u redis://h --pass pw"), of(None, "pw"));
    assert!(check("").unwrap().connector.credentials.is_none());
}

#[test]
fn contradictions_are_told_with_what_would_do() {
    let table = [
        ("-s /a -h b", "cannot be used with"),
        ("-s /a -p 1", "cannot be used with"),
        ("-s /a --tls", "cannot be used with"),
        ("-u redis:// -h b", "cannot be used with"),
        ("-u redis:// -p 1", "cannot be used with"),
        ("-u redis:// -s /a", "cannot be used with"),
        ("-a pw --askpass", "cannot be used with"),
        ("--tls --insecure --cacert f", "cannot be used with"),
        ("--tls --cert f", "--key <FILE>"),
        ("--tls --key f", "--cert <FILE>"),
        ("-p 0", "1..=65535"),
        ("-p 65536", "1..=65535"),
        ("--connect-timeout 0", "write seconds"),
        ("--connect-timeout soon", "length of time"),
        ("-u redis://h/1 -n 2", "two databases are named, 2 and 1"),
        ("-u redis://:pw@h -a pw", "holds a password already"),
        ("-u redis://:pw@h --askpass", "holds a password already"),
        ("-u redis://me:pw@h --user you", "leave out one of them"),
        ("--user me", "--user wants a password"),
        ("-u unix:///a --tls", "leave out --tls"),
        ("--sni name", "add --tls"),
        ("--insecure", "add --tls"),
        ("--tls --cacert /no/such/file", "/no/such/file"),
        ("--tls --cacertdir /no/such/folder", "/no/such/folder"),
        ("--address-map nowhere", "host:port=host:port"),
        ("--askpass", "no terminal"),
    ];
    for (line, part) in table {
        let error = check(line).unwrap_err();
        assert!(error.contains(part), "{line}: {error}");
    }
}

#[test]
fn uris_with_two_letters_s_are_encrypted() {
    assert!(check("-u rediss://h --insecure").unwrap().connector.tls.is_some());
    assert!(check("-u valkeys://h --insecure --sni name").unwrap().connector.tls.is_some());
    assert!(check("-u redis://h --tls --insecure").unwrap().connector.tls.is_some());
    assert!(check("-u redis://h").unwrap().connector.tls.is_none());
}

#[test]
fn addresses_are_mapped() {
    let map = check("--address-map 10.0.0.1=a --address-map b:1=[::1]:2").unwrap().map;
    assert_eq!(map.apply(&Address::tcp("10.0.0.1", 7)), Address::tcp("a", 7));
    assert_eq!(map.apply(&Address::tcp("b", 1)), Address::tcp("::1", 2));
}

#[test]
fn passwords_are_never_shown() {
    for line in ["-a hunter2", "-u redis://me:hunter2@h", "-u redis://me:hunter2@h/x", "-u hunter2"] {
        let shown = format!("{:?} {:?}", parse(line).unwrap(), check(line));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    for line in ["-a hunter2 -a hunter2", "-a hunter2 --askpass", "-u redis://:hunter2@h -p 1"] {
        let error = parse(line).unwrap_err();
        assert!(!error.contains("hunter2"), "{error}");
    }
}
