//! The slot table against the program that makes it.

#[path = "../slot-tags/make.rs"]
#[expect(dead_code, reason = "its main is for `cargo run --example slot-tags`")]
mod make;

#[test]
fn the_table_is_what_the_program_makes() {
    assert!(make::table() == include_bytes!("../slot-tags/tags.txt"), "make slot-tags/tags.txt again");
}
