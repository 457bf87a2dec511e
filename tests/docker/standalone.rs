//! The standalone server: nobody but its user gets in, and that user may do what a fill and its proof need.

use fillbench::results::{Record, Verdict};

use super::engine::any_compose;
use super::image;
use super::project::Project;
use super::secrets::Place;
use crate::common::{Server, fillbench, json};
use crate::fill::data::Data;

#[test]
fn its_user_fills_it_from_both_sides_and_nobody_else_gets_in() {
    let test = "docker::standalone::its_user_fills_it_from_both_sides_and_nobody_else_gets_in";
    // The Valkey that tests run speaks no TLS.
    let (Some(compose), Some(server)) = (any_compose(test), Server::find("redis", test)) else { return };
    let place = Place::new();
    assert!(place.script(&["1"]).status.success());
    let variables = [
        format!("SERVER_IMAGE={}", image::of_server(&server)),
        format!("FILLBENCH_IMAGE={}", image::of_program()),
    ];
    let project = Project::new(compose, &place.folder(), &variables);
    project.compose("up -d");
    let authority = place.path("secrets/server/ca.crt");
    // The certificate is for 127.0.0.1, and the tests have another address of this machine.
    let (host, authority) = (project.host_address(), authority.display());
    let way = format!("-h {host} -p 6380 --tls --sni localhost --cacert {authority}");
    let fill = |data: &Data, password: &str, options: &str| {
        let words = format!("{} --json {way} {options}", data.args().join(" "));
        let mut command = fillbench(words.split_whitespace());
        command.env("REDISCLI_AUTH", password).output().unwrap()
    };
    let data = Data::of(20_000);
    // Over keys that are there already, each is read; after a flush, they are counted.
    for (options, proven_by) in
        [("", "count"), ("--command set --ttl 1h", "read"), ("--flush --yes", "count")]
    {
        let output = fill(&data, &place.password(), &format!("--user filler {options}"));
        let record: Record = serde_json::from_value(json(&output)).unwrap();
        assert_eq!((record.verdict, record.account.proven), (Verdict::Exact, data.keys), "{output:?}");
        assert_eq!(record.account.proven_by.keys().collect::<Vec<_>>(), [proven_by], "{output:?}");
        assert_eq!(record.warnings, Vec::<String>::new());
    }
    let verified = ["verify", "--user", "filler", "--repair", "--json"].map(String::from);
    let words = way.split_whitespace().map(String::from).chain(data.args());
    let mut command = fillbench(verified.into_iter().chain(words));
    let output = command.env("REDISCLI_AUTH", place.password()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");

    let inside = Data { prefix: "inside:", ..Data::of(20_000) };
    let way_inside = "-h server -p 6380 --tls --cacert /secrets/ca.crt --user filler --json";
    let options = format!("run --rm -T fillbench {way_inside} {}", inside.args().join(" "));
    let record: Record = serde_json::from_str(&project.compose(&options)).unwrap();
    assert_eq!((record.verdict, record.account.proven), (Verdict::Exact, inside.keys));

    for (password, options) in [("", ""), (place.password().as_str(), ""), ("wrong", "--user filler")] {
        let output = fill(&data, password, options);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains("NOAUTH") || told.contains("WRONGPASS"), "{told}");
    }
    project.down();
}
