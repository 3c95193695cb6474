//! Base paths that would hide a route which probes and hosting platforms call at the server itself, without the base path.

use std::collections::BTreeSet;

use super::base_path::BasePath;
use super::options::Options;
use super::routes::ROUTES;

/// What is wrong with the base path of these settings beside what its type checks, with its key below `server`.
pub fn fault(options: &Options) -> Option<(&'static str, String)> {
    let base = &options.base_path;
    let hidden = direct(options).into_iter().find(|path| hides(base, path))?;
    let firsts: BTreeSet<String> = direct(options).iter().map(|path| first(path)).collect();
    let firsts: Vec<String> = firsts.into_iter().collect();
    let problem = format!(
        "`{base}` would hide {hidden}, which probes and hosting platforms call at the server itself; write a path of its own, such as /ml or /tools/ml, which begins with none of {}",
        firsts.join(", ")
    );
    Some(("base_path", problem))
}

/// The paths that are there without the base path.
fn direct(options: &Options) -> Vec<String> {
    let routes = ROUTES.iter().filter(|route| route.is_direct);
    let of_platform = [
        &options.platform.health_route,
        &options.platform.predict_route,
    ];
    let named = of_platform.into_iter().flatten().cloned();
    routes
        .map(|route| route.pattern.to_owned())
        .chain(named)
        .collect()
}

/// Whether a path lies at the base path or below it. A part in braces is any.
fn hides(base: &BasePath, path: &str) -> bool {
    let base = base.to_string();
    let mut names = path.split('/');
    !base.is_empty()
        && base.split('/').all(|name| {
            let other = names.next();
            other.is_some_and(|other| other == name || other.contains('{'))
        })
}

/// The first name of a path.
fn first(path: &str) -> String {
    let name = path.trim_start_matches('/').split('/').next();
    format!("/{}", name.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    fn check(base: &str, hidden: Option<&str>) {
        let mut options = Settings::built_in().server;
        options.base_path = base.parse().unwrap();
        options.platform.predict_route = Some("/score/rows".into());
        let fault = fault(&options);
        match (&fault, hidden) {
            (None, None) => {}
            (Some((key, text)), Some(hidden)) => {
                assert_eq!(*key, "base_path");
                assert!(text.contains(&format!("would hide {hidden},")), "{text}");
                assert!(text.contains("such as /ml"), "{text}");
            }
            _ => panic!("{base}: {fault:?}"),
        }
    }

    #[test]
    fn no_base_path_hides_a_route_that_platforms_call() {
        for route in ROUTES.iter().filter(|route| route.is_direct) {
            let path = route.pattern.replace(['{', '}'], "");
            let mut names: Vec<&str> = path.split('/').collect();
            while names.len() > 1 {
                // A name with a colon is no part of a base path.
                let base = names.join("/").replace(':', "-");
                let mut options = Settings::built_in().server;
                options.base_path = base.parse().unwrap();
                assert!(fault(&options).is_some(), "{base} hides {}", route.pattern);
                names.pop();
            }
        }
    }

    #[test]
    fn other_base_paths_are_allowed() {
        check("/metrics", Some("/metrics"));
        check("/score", Some("/score/rows"));
        check("/score/rows", Some("/score/rows"));
        check("/v1/models/a", Some("/v1/models/{name}:predict"));
        for base in [
            "/",
            "/ml",
            "/metricsx",
            "/score/row",
            "/healthz/a",
            "/ml/v1",
        ] {
            check(base, None);
        }
    }
}
