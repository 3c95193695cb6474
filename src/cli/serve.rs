//! (to come)
#[derive(Debug, clap::Args)]
pub struct ServeArgs {}
pub fn run(_: &ServeArgs, _: super::Site) -> anyhow::Result<super::Exit> {
    Ok(super::Exit::Done)
}
