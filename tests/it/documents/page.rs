//! The fenced blocks of a page and the commands in them.

/// A fenced block, with what the comments above it say.
pub struct Block {
    /// Number of the line of the opening fence.
    pub line: usize,
    /// Commands that prepare the block.
    pub before: Vec<String>,
    pub role: Role,
}

#[derive(Debug, PartialEq)]
pub enum Role {
    /// Commands to run.
    Steps(Vec<Step>),
    /// The name and text of a file to write.
    File(String, String),
    NotRun,
    Unknown,
}

impl Block {
    /// All commands of the block.
    pub fn commands(&self) -> impl Iterator<Item = &str> {
        let steps = match &self.role {
            Role::Steps(steps) => &steps[..],
            _ => &[],
        };
        let shown = steps.iter().map(|step| &step.command);
        self.before.iter().chain(shown).map(String::as_str)
    }
}

/// A command and the output shown for it.
#[derive(Debug, PartialEq)]
pub struct Step {
    pub command: String,
    pub shown: String,
}

fn comment(line: &str) -> Option<&str> {
    Some(line.strip_prefix("<!--")?.strip_suffix("-->")?.trim())
}

pub fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut comments = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        if let Some(comment) = comment(line) {
            comments.push(comment);
        } else if let Some(language) = line.strip_prefix("```") {
            let text: String = lines
                .by_ref()
                .map(|(_, line)| line)
                .take_while(|line| *line != "```")
                .map(|line| format!("{line}\n"))
                .collect();
            blocks.push(block(
                at + 1,
                language,
                &std::mem::take(&mut comments),
                &text,
            ));
        } else {
            comments.clear();
        }
    }
    blocks
}

fn block(line: usize, language: &str, comments: &[&str], text: &str) -> Block {
    let mut before = Vec::new();
    let mut role = match language {
        "console" => Role::Steps(steps(text)),
        _ => Role::Unknown,
    };
    for comment in comments {
        match comment.split_once(": ") {
            Some(("before", command)) => before.push(command.into()),
            Some(("file", name)) => role = Role::File(name.into(), text.into()),
            Some(("not run", _reason)) => role = Role::NotRun,
            _ => role = Role::Unknown,
        }
    }
    Block { line, before, role }
}

/// Splits a block into commands with their output; none if it does not begin with a command. A command goes on in the next
/// line where its line ends with `\`.
fn steps(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut continues = false;
    for line in text.lines() {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push(Step {
                command: command.into(),
                shown: String::new(),
            }),
            (None, Some(step)) if continues => step.command.extend(["\n", line]),
            (None, Some(step)) => step.shown.extend([line, "\n"]),
            (None, None) => return Vec::new(), // output of no command
        }
        continues = line.ends_with('\\');
    }
    steps
}

#[test]
fn blocks_are_read_with_their_comments() {
    let page = "text\n<!-- before: echo 1 > a -->\n```console\n$ cat a\n1\n$ true \\\n  && cat a\n1\n```\n\
                <!-- not run: no such machine -->\n```text\nx\n```\n<!-- file: a.yaml -->\n```yaml\na: 1\n```\n\
                <!-- not run: too far away -->\n\n```sh\nls\n```\n";
    let blocks = blocks(page);
    let step = |command: &str| Step {
        command: command.into(),
        shown: "1\n".into(),
    };
    let roles: Vec<&Role> = blocks.iter().map(|block| &block.role).collect();
    assert_eq!(
        roles,
        [
            &Role::Steps(vec![step("cat a"), step("true \\\n  && cat a")]),
            &Role::NotRun,
            &Role::File("a.yaml".into(), "a: 1\n".into()),
            &Role::Unknown
        ]
    );
    let commands: Vec<&str> = blocks[0].commands().collect();
    assert_eq!(commands[..2], ["echo 1 > a", "cat a"]);
    assert_eq!(blocks[0].line, 3);
}
