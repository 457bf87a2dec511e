//! The command that goes on with a run.

use std::path::Path;

/// `fillbench --resume DIR`, as a shell takes it.
pub(super) fn resume_command(folder: &Path) -> String {
    resuming("fillbench", folder)
}

/// The same of a subcommand: `fillbench sweep --resume DIR`.
pub(super) fn resuming(program: &str, folder: &Path) -> String {
    let folder = folder.display().to_string();
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_./-+:=@%,".contains(letter);
    // A folder that looks like an option is no option after `=`.
    let separator = if folder.starts_with('-') { '=' } else { ' ' };
    if folder.chars().all(is_plain) {
        format!("{program} --resume{separator}{folder}")
    } else {
        format!("{program} --resume{separator}'{}'", folder.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_the_folder_as_it_is() {
        for (folder, said) in [
            ("results/1", "fillbench --resume results/1"),
            ("/tmp/my runs", "fillbench --resume '/tmp/my runs'"),
            ("it's;rm", r"fillbench --resume 'it'\''s;rm'"),
            ("-x", "fillbench --resume=-x"),
        ] {
            assert_eq!(resume_command(Path::new(folder)), said);
        }
    }
}
