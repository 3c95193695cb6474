//! Arrows between the files of one module. An arrow is a `use`, or a path, that names another file of the same module.
//! `pub use` of a child is the face of a folder, and no arrow.

use std::collections::{BTreeMap, BTreeSet};

use super::{Source, is_test};

/// Names on the way to a module: `["ingest", "source", "http"]`.
type Path = Vec<String>;

/// Longest chain of imports that is followed from a name to its home.
const DEEPEST: usize = 8;

/// The files of all modules, each by its module.
pub struct Files(BTreeMap<Path, File>);

#[derive(Default)]
struct File {
    /// Where it is, for messages.
    place: String,
    imports: Vec<Import>,
    /// Paths that stand in its code beside its imports.
    paths: Vec<Path>,
}

struct Import {
    /// What it is called in the file.
    name: String,
    path: Path,
    is_public: bool,
}

/// Two files, the first of which uses the second.
pub type Arrow<'f> = (&'f str, &'f str);

impl Files {
    pub fn of(sources: &[Source]) -> Files {
        let counted = |source: &&Source| {
            !is_test(&source.path) && !["lib", "main"].contains(&source.room.as_str())
        };
        let file = |source: &Source| {
            let module = source.path.trim_end_matches(".rs").trim_end_matches("/mod");
            let module = module.split('/').map(str::to_owned).collect();
            (module, File::read(&source.path, &source.code))
        };
        Files(sources.iter().filter(counted).map(file).collect())
    }

    /// Arrows that lie on cycles, or between two of them, of the files of one module.
    pub fn cycles(&self, module: &str) -> Vec<Arrow<'_>> {
        let mut arrows = self.arrows(module);
        loop {
            let from: BTreeSet<&str> = arrows.iter().map(|(from, _)| *from).collect();
            let to: BTreeSet<&str> = arrows.iter().map(|(_, to)| *to).collect();
            let before = arrows.len();
            arrows.retain(|(a, b)| to.contains(a) && from.contains(b));
            if arrows.len() == before {
                return arrows;
            }
        }
    }

    fn arrows(&self, module: &str) -> Vec<Arrow<'_>> {
        let mut arrows = BTreeSet::new();
        for (here, file) in self.0.iter().filter(|(here, _)| here[0] == module) {
            let imports = file.imports.iter().map(|i| (&i.path, i.is_public));
            let paths = file.paths.iter().map(|path| (path, false));
            for (path, is_public) in imports.chain(paths) {
                let Some(there) = self.resolve(here, path, 0) else {
                    continue;
                };
                let is_face = is_public && there.starts_with(here);
                if there != *here && there[0] == here[0] && !is_face {
                    arrows.insert((file.place.as_str(), self.0[&there].place.as_str()));
                }
            }
        }
        arrows.into_iter().collect()
    }

    /// The file that a path in a file leads to, through the imports of others; none where it is outside of this crate.
    fn resolve(&self, here: &Path, path: &[String], depth: usize) -> Option<Path> {
        let (first, mut rest) = path.split_first()?;
        let mut at = match first.as_str() {
            "crate" => Vec::new(),
            "self" => here.clone(),
            "super" => {
                let ups = 1 + rest.iter().take_while(|name| *name == "super").count();
                rest = &rest[ups - 1..];
                here[..here.len().checked_sub(ups)?].to_vec()
            }
            name => {
                if !self.0.contains_key(&joined(here, name)) {
                    return self.imported(here, here, name, rest, depth);
                }
                rest = path;
                here.clone()
            }
        };
        while let Some((name, after)) = rest.split_first()
            && self.0.contains_key(&joined(&at, name))
        {
            at.push(name.clone());
            rest = after;
        }
        let imported = rest
            .split_first()
            .and_then(|(name, after)| self.imported(here, &at, name, after, depth));
        imported.or_else(|| Some(at).filter(|at| self.0.contains_key(at)))
    }

    /// The file behind a name that a file has imported, as seen from `here`.
    fn imported(
        &self,
        here: &Path,
        file: &Path,
        name: &str,
        rest: &[String],
        depth: usize,
    ) -> Option<Path> {
        let imports = &self.0.get(file)?.imports;
        let import = imports.iter().find(|import| import.name == name)?;
        // A path that is the import itself.
        let is_itself = here == file && rest.is_empty();
        if depth == DEEPEST || is_itself {
            return None;
        }
        let path = [&import.path[..], rest].concat();
        self.resolve(file, &path, depth + 1)
    }
}

impl File {
    fn read(place: &str, code: &str) -> File {
        let mut file = File {
            place: place.to_owned(),
            ..File::default()
        };
        let tokens = tokens(code);
        let mut i = 0;
        while i < tokens.len() {
            let before = |n: usize| i.checked_sub(n).map_or("", |at| tokens[at]);
            if tokens[i] == "use" && tokens.get(i + 1) != Some(&"<") {
                let length = tokens[i..].iter().take_while(|t| **t != ";").count();
                let is_public = ["pub", ")"].contains(&before(1));
                let mut tree = tokens[i + 1..i + length].iter().copied().peekable();
                file.import(&mut tree, &[], is_public);
                i += length;
                continue;
            }
            let names = path_at(&tokens[i..]);
            let is_visibility = before(1) == "in" && before(3) == "pub";
            if names.len() > 1 && before(1) != "::" && !is_visibility {
                file.paths
                    .push(names.iter().map(|n| (*n).to_owned()).collect());
            }
            i += (2 * names.len()).saturating_sub(1).max(1);
        }
        file
    }

    /// Takes in one tree of a `use`: a path, perhaps with a group of trees at its end.
    fn import<'t>(
        &mut self,
        tree: &mut std::iter::Peekable<impl Iterator<Item = &'t str>>,
        prefix: &[String],
        is_public: bool,
    ) {
        let mut path = prefix.to_vec();
        let mut name = path.last().cloned().unwrap_or_default();
        while let Some(token) = tree.next_if(|token| !["}", ","].contains(token)) {
            match token {
                "::" => {}
                "as" => name = tree.next().unwrap_or_default().to_owned(),
                "self" if !prefix.is_empty() => {}
                "{" => {
                    while tree.peek().is_some_and(|token| *token != "}") {
                        self.import(tree, &path, is_public);
                        tree.next_if_eq(&",");
                    }
                    tree.next();
                    return;
                }
                token => {
                    path.push(token.to_owned());
                    name = token.to_owned();
                }
            }
        }
        self.imports.push(Import {
            name,
            path,
            is_public,
        });
    }
}

/// The names of the path that the tokens begin with.
fn path_at<'t>(tokens: &[&'t str]) -> Vec<&'t str> {
    let is_name = |token: &&str| token.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let mut names = Vec::new();
    for pair in tokens.chunks(2) {
        if !is_name(&pair[0]) {
            break;
        }
        names.push(pair[0]);
        if pair.get(1) != Some(&"::") {
            break;
        }
    }
    names
}

/// Names, `::`, and every other character that is no blank by itself.
fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let in_name = |c: char| c.is_alphanumeric() || c == '_';
        let length = match first {
            c if in_name(c) => rest.find(|c| !in_name(c)).unwrap_or(rest.len()),
            ':' if rest.starts_with("::") => 2,
            other => other.len_utf8(),
        };
        tokens.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    tokens
}

fn joined(path: &[String], name: &str) -> Path {
    [path, &[name.to_owned()]].concat()
}

fn source(path: &str, code: &str) -> Source {
    Source {
        path: path.into(),
        room: path.split('/').next().unwrap().into(),
        code: code.into(),
        whole: String::new(),
    }
}

fn check(files: &[(&str, &str)], expected: &[Arrow<'_>]) {
    let sources: Vec<Source> = files
        .iter()
        .map(|(path, code)| source(path, code))
        .collect();
    assert_eq!(Files::of(&sources).cycles("a"), expected);
}

#[test]
fn a_child_that_uses_its_parent_which_uses_the_child_is_a_cycle() {
    let parent = "mod b;\nuse b::{B, c};\nstruct A(B);";
    let cycle = [("a/b.rs", "a/mod.rs"), ("a/mod.rs", "a/b.rs")];
    check(&[("a/mod.rs", parent), ("a/b.rs", "use super::A;")], &cycle);
    check(
        &[
            ("a/mod.rs", parent),
            ("a/b.rs", "fn b() { crate::a::A::new() }"),
        ],
        &cycle,
    );
    check(
        &[
            ("a/mod.rs", "fn a() { b::b() }"),
            ("a/b.rs", "use super::*;"),
        ],
        &cycle,
    );
}

#[test]
fn a_face_is_no_arrow_and_leads_to_the_file_behind_it() {
    let face = "mod b;\nmod c;\npub use b::B;\npub use c::{self, C as D};";
    check(&[("a/mod.rs", face), ("a/b.rs", "use super::D;")], &[]);
    check(
        &[
            ("a/mod.rs", face),
            ("a/b.rs", "use super::D;"),
            ("a/c.rs", "pub(in crate::a) use crate::a::{E, B};"),
        ],
        &[("a/b.rs", "a/c.rs"), ("a/c.rs", "a/b.rs")],
    );
}

#[test]
fn paths_are_followed_through_imports() {
    check(
        &[
            ("a/mod.rs", "mod b;\nmod c;"),
            ("a/b/mod.rs", "use super::c;\nfn b() { c::d::e() }"),
            ("a/c/mod.rs", "mod d;"),
            ("a/c/d.rs", "use crate::{x::Y, a::{b::b as other}};"),
        ],
        &[("a/b/mod.rs", "a/c/d.rs"), ("a/c/d.rs", "a/b/mod.rs")],
    );
}
