//! The files themselves, as far as they can be judged without an engine.

use std::collections::BTreeMap;
use std::fs;

use yaml_rust2::{Yaml, YamlLoader};

use super::engine::{Compose, any_compose};
use super::project::FOLDER;

const FILES: [&str; 2] = ["docker-compose.yml", "standalone-tls/docker-compose.yml"];

fn read(name: &str) -> String {
    fs::read_to_string(format!("{FOLDER}/{name}")).unwrap()
}

/// The variables of a Compose file that have a default: `${NAME:-DEFAULT}`.
fn variables(text: &str) -> BTreeMap<String, String> {
    let places = text.match_indices("${").map(|(at, _)| &text[at + 2..]);
    let inner = places.map(|rest| rest.split_once('}').unwrap().0);
    let variables = inner.filter_map(|inner| inner.split_once(":-"));
    variables.map(|(name, default)| (name.into(), default.into())).collect()
}

#[test]
fn every_variable_is_explained_with_its_default() {
    let (readme, cluster) = (read("README.md"), variables(&read(FILES[0])));
    assert_eq!(cluster.len(), 6, "{cluster:?}");
    for (name, default) in &cluster {
        let default = if default.is_empty() { String::new() } else { format!("`{default}` ") };
        assert!(readme.contains(&format!("| `{name}` | {default}| ")), "{name} is not explained");
    }
    for (name, default) in variables(&read(FILES[1])) {
        let differs = cluster.get(&name).is_some_and(|other| *other != default);
        let told = format!("`{name}` is `{default}` here");
        assert_eq!(differs, readme.contains(&told), "{name} is {default} in {}", FILES[1]);
        assert!(cluster.contains_key(&name), "{name} is not explained");
    }
}

#[test]
fn six_nodes_have_the_ports_that_are_promised_and_differ_in_nothing_else() {
    let file = YamlLoader::load_from_str(&read(FILES[0])).unwrap().remove(0);
    let services = &file["services"];
    for (port, number) in (7000..=7005).zip(10..) {
        let node = &services[format!("node-{port}").as_str()];
        assert_eq!(node["environment"]["PORT"].as_str(), Some(port.to_string().as_str()));
        let published = format!("${{HOST_ADDRESS:-127.0.0.1}}:{port}:{port}");
        assert_eq!(node["ports"], Yaml::Array(vec![Yaml::String(published)]));
        let address = format!("${{SUBNET:-10.70.0}}.{number}");
        assert_eq!(node["networks"]["default"]["ipv4_address"].as_str(), Some(address.as_str()));
        let keys = node.as_hash().unwrap().keys().map(|key| key.as_str().unwrap());
        assert_eq!(keys.collect::<Vec<_>>(), ["<<", "environment", "ports", "networks"]);
    }
}

#[test]
fn the_rights_of_the_user_are_those_that_are_told() {
    let (script, readme) = (read("standalone-tls/make-secrets.sh"), read("README.md"));
    let user = script.lines().find(|line| line.starts_with("user filler ")).unwrap();
    let told = readme.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    let given: Vec<_> = user.split(' ').skip_while(|word| *word != "-@all").skip(1).collect();
    assert_eq!(told.split_whitespace().collect::<Vec<_>>(), given);
}

/// What one kind of Compose refuses, or complains of, the other may like.
fn is_taken_by(compose: Compose) {
    for file in FILES {
        let path = format!("{FOLDER}/{file}");
        let words = compose.words();
        let mut command = std::process::Command::new(words[0]);
        command.args(&words[1..]).args(["-f", &path, "config", "--quiet"]).env("FILLER_PASSWORD", "x");
        let output = command.output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && told.is_empty(), "{file}: {told}");
    }
}

#[test]
fn compose_1_takes_them_without_a_word() {
    if let Some(compose) = Compose::V1.find("docker::files::compose_1_takes_them_without_a_word") {
        is_taken_by(compose);
    }
}

#[test]
fn compose_2_takes_them_without_a_word() {
    if let Some(compose) = Compose::V2.find("docker::files::compose_2_takes_them_without_a_word") {
        is_taken_by(compose);
    }
}

#[test]
fn the_server_does_not_start_before_its_secrets_are_made() {
    let test = "docker::files::the_server_does_not_start_before_its_secrets_are_made";
    let Some(compose) = any_compose(test) else { return };
    let place = super::secrets::Place::new();
    let file = place.path("docker-compose.yml");
    let words = [compose.words(), &["-f", file.to_str().unwrap(), "config", "--quiet"]].concat();
    let problem = super::engine::attempt(&words, std::time::Duration::from_secs(20)).unwrap_err();
    assert!(problem.contains("./make-secrets.sh"), "{problem}");
}
