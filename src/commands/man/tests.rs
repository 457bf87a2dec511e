//! A page of a small program that has one of everything.

use clap::{Arg, ArgAction, Command};

use super::page::pages;

fn program() -> Command {
    let size = Arg::new("size").short('s').long("size").value_name("N").default_value("3").help("How large");
    let mode = Arg::new("mode").long("mode").value_name("MODE").num_args(0..=1).require_equals(true);
    let mode = mode.value_parser(["fast", "slow"]).help_heading("More").help("In which way");
    let pass = Arg::new("pass").short('a').num_args(0..=1).value_name("WORD").help("Who it is, it's said");
    let files = Arg::new("files").value_name("FILE").num_args(1..).help("What is read");
    let quiet =
        Arg::new("quiet").long("quiet").action(ArgAction::SetTrue).help_heading("More").help(".quiet");
    let hidden = Arg::new("hidden").long("hidden").hide(true);
    let after = "Some advice, and\nmore of it.\n\n.And other advice.\n  thing    what that is\n           to everybody\n\n\
                 Examples:\n  tool --size 3 \\\n      --mode=fast\n  tool --quiet   without a word\n\n\
                 Exit codes:\n  0 it did    1 it did not\n  with --quiet, the same";
    Command::new("tool")
        .about("Do things")
        .after_help(after)
        .args([size, mode, pass, files, quiet, hidden])
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .subcommand(Command::new("other").about("Do other things").disable_help_flag(true))
}

#[test]
fn a_page_says_what_the_help_says() {
    let pages = pages(program());
    assert_eq!(pages.iter().map(|page| page.file.as_str()).collect::<Vec<_>>(), ["tool.1", "tool-other.1"]);
    // What stands before this is of the version and the commit.
    let texts: Vec<&str> = pages.iter().map(|page| page.text.split_once(".nh\n").unwrap().1).collect();
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn a_page_names_the_program_that_it_is_of() {
    let text = &pages(program())[1].text;
    let title = text.lines().find(|line| line.starts_with(".TH")).unwrap();
    assert!(title.starts_with(".TH TOOL-OTHER 1 "), "{title}");
    let source = concat!("\"fillbench ", env!("CARGO_PKG_VERSION"), "\" \"User Commands\"");
    assert!(title.ends_with(source), "{title}");
}
