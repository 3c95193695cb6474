//! Runs the commands that README.md and the manual show, and compares what they print with what is shown there.
//!
//! A block ```` ```console ```` holds commands after `$ ` and below each what it prints. The commands of a page run in order, in
//! one folder that at first holds a copy of `data` and nothing else. `…` alone on a line stands for any lines, elsewhere for
//! any text. Comments right above a block control the test:
//!
//! - `<!-- before: COMMAND -->` runs a command that readers need not see;
//! - `<!-- file: NAME -->` writes the block into a file for later commands;
//! - `<!-- not run: REASON -->` excuses the block. A block that is none of these is an error.

mod compare;
mod page;
mod session;

use std::path::{Path, PathBuf};

use page::{Block, Role};
use session::Session;

/// Programs that a machine with Rust alone may lack. A block that uses one runs only in the ignored test.
const TOOLS: [&str; 2] = ["curl", "jq"];

/// README.md and every page of the manual, without those for developers.
fn pages() -> Vec<PathBuf> {
    let root = crate::tables::root();
    let mut pages = vec![root.join("README.md")];
    for folder in ["docs", "docs/reference"] {
        let entries = std::fs::read_dir(root.join(folder)).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        pages.extend(paths.filter(|path| path.extension().is_some_and(|e| e == "md")));
    }
    pages.sort();
    pages
}

/// Whether a command names one of the [`TOOLS`].
fn needs_tools(command: &str) -> bool {
    let mut words = command.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| TOOLS.contains(&word))
}

/// What became of the blocks of all pages.
#[derive(Default)]
struct Outcome {
    ran: usize,
    left_out: usize,
    faults: Vec<String>,
}

impl Outcome {
    fn page(&mut self, path: &Path, with_tools: bool) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let mut session = Session::new();
        for block in page::blocks(&std::fs::read_to_string(path).unwrap()) {
            if !with_tools && block.commands().any(needs_tools) {
                self.left_out += 1;
                continue;
            }
            let faults = run(&block, &mut session);
            let at = format!("{name}:{}", block.line);
            self.faults
                .extend(faults.iter().map(|fault| format!("{at}: {fault}")));
            self.ran += usize::from(matches!(block.role, Role::Steps(_)));
        }
    }
}

/// Runs a block; returns what is wrong with it.
fn run(block: &Block, session: &mut Session) -> Vec<String> {
    let mut faults = Vec::new();
    for command in &block.before {
        let (printed, succeeded) = session.run(command);
        if !succeeded {
            faults.push(format!("failed: {command}\n{printed}"));
        }
    }
    match &block.role {
        Role::NotRun => {}
        Role::File(name, text) => session.write(name, text),
        Role::Unknown => faults.push("neither run (```console) nor excused (not run: …)".into()),
        Role::Steps(steps) if steps.is_empty() => faults.push("no command after `$ `".into()),
        Role::Steps(steps) => {
            for page::Step { command, shown } in steps {
                let (printed, _) = session.run(command);
                if !compare::alike(shown, &printed) {
                    faults.push(format!("$ {command}\nshown:\n{shown}printed:\n{printed}"));
                }
            }
        }
    }
    faults
}

/// Runs all pages; returns what became of them.
fn run_all(with_tools: bool) -> Outcome {
    let mut outcome = Outcome::default();
    for page in pages() {
        outcome.page(&page, with_tools);
    }
    assert!(outcome.faults.is_empty(), "\n{}", outcome.faults.join("\n"));
    assert!(
        outcome.ran > 0,
        "no block was found: are they still ```console?"
    );
    outcome
}

#[test]
fn commands_print_what_the_documents_show() {
    let outcome = run_all(false);
    println!(
        "blocks: {} ran, {} need {TOOLS:?}",
        outcome.ran, outcome.left_out
    );
}

#[test]
#[ignore = "needs curl and jq"]
fn commands_with_curl_print_what_the_documents_show() {
    let outcome = run_all(true);
    assert_eq!(outcome.left_out, 0);
    println!("blocks: {} ran", outcome.ran);
}
