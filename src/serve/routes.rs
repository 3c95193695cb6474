//! The route table. The router, the guard, the metrics, `Allow` headers and the OpenAPI document are derived from it.

use super::route::Table;
use super::{
    alerts, backups, cloud, cycle, events, follow, health, jobs, labels, login, metrics, models,
    monitor, openapi, predict, quarantine, replay, rows, service, settings, site, sources, store,
    why, ws,
};

/// All routes, by resource. The most frequently requested ones come first, because the router tries them in this order.
pub static ROUTES: Table = Table(&[
    predict::ROUTES,
    cloud::ROUTES, // before `models`, whose `/v1/models/{version}` matches KServe's path as well
    ws::ROUTES,
    labels::ROUTES,
    rows::ROUTES,
    events::ROUTES,
    why::ROUTES,
    follow::ROUTES,
    models::ROUTES,
    cycle::ROUTES,
    monitor::ROUTES,
    service::ROUTES,
    alerts::ROUTES,
    jobs::ROUTES,
    replay::ROUTES,
    quarantine::ROUTES,
    backups::ROUTES,
    store::ROUTES,
    sources::ROUTES,
    settings::ROUTES,
    health::ROUTES,
    metrics::ROUTES,
    openapi::ROUTES,
    site::files::ROUTES,
    site::overview::ROUTES,
    site::predict::ROUTES,
    site::timeline::ROUTES,
    site::models::ROUTES,
    site::data::ROUTES,
    site::alerts::ROUTES,
    site::settings::ROUTES,
    site::prediction::ROUTES,
    login::ROUTES,
]);

/// Method and pattern of each route, which are label values of the metrics.
pub fn labels() -> impl Iterator<Item = (&'static str, &'static str)> {
    ROUTES.iter().map(|route| (route.method, route.pattern))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::page::ASSETS;
    use crate::serve::route::Place;

    #[test]
    fn every_file_of_the_page_has_a_route_and_no_route_stands_twice() {
        let patterns: Vec<_> = labels().collect();
        assert!(
            ASSETS
                .iter()
                .all(|asset| patterns.contains(&("GET", asset.path)))
        );
        for (n, pattern) in patterns.iter().enumerate() {
            assert!(!patterns[..n].contains(pattern), "{pattern:?}");
        }
    }

    #[test]
    fn the_parameters_of_a_path_are_those_in_its_braces() {
        for route in ROUTES.iter() {
            let of_path = route.parameters.iter().filter(|p| p.place == Place::Path);
            let named: Vec<&str> = of_path.map(|parameter| parameter.name).collect();
            let parts = route.pattern.split('/');
            let braced = parts.filter_map(|part| Some(part.strip_prefix('{')?.split_once('}')?.0));
            assert_eq!(named, braced.collect::<Vec<_>>(), "{}", route.pattern);
        }
    }
}
