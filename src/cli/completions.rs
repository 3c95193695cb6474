//! Subcommands `completions` and `man`, generated from the definition of the command line.

use clap::Args;

use super::exit::Exit;
use super::out;

#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

/// Prints a completion script.
pub fn run(args: &CompletionsArgs, command: &mut clap::Command) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "titanic-platform", &mut script);
    out::write(format_args!("{}", String::from_utf8_lossy(&script)))?;
    Ok(Exit::Done)
}

/// Prints the manual page of the whole command.
pub fn man(command: &clap::Command) -> anyhow::Result<Exit> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    for sub in command.get_subcommands() {
        let named = sub
            .clone()
            .display_name(format!("titanic-platform {}", sub.get_name()));
        clap_mangen::Man::new(named).render(&mut page)?;
    }
    out::write(format_args!("{}", String::from_utf8_lossy(&page)))?;
    Ok(Exit::Done)
}
