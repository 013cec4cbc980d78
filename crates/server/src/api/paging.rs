//! Lists: newest first, a page at a time.

use serde::{Deserialize, Serialize};
use store::PageRequest;
use utoipa::{IntoParams, ToSchema};

/// Which page of a list is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Paging {
    /// At most so many, up to 200.
    #[serde(default = "Paging::default_limit")]
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: usize,
    /// Only those older than the one with this id.
    before: Option<String>,
}

/// A page of a list, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Listed<T> {
    /// The items.
    pub(crate) items: Vec<T>,
    /// Give this as `before` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

impl Paging {
    const fn default_limit() -> usize {
        50
    }

    /// The page as the store takes it.
    pub(crate) fn page<Id: std::str::FromStr<Err = store::MalformedId>>(
        &self,
    ) -> Result<PageRequest<Id>, super::problem::Error> {
        let before = self.before.as_deref().map(|id| id_in("before", id)).transpose()?;
        Ok(PageRequest { limit: self.limit.clamp(1, 200), before })
    }
}

/// An id that a parameter of the query names. A wrong one is a mistake of the caller, where a wrong one in the
/// path only leads to nothing.
pub(crate) fn id_in<Id: std::str::FromStr<Err = store::MalformedId>>(
    parameter: &str,
    id: &str,
) -> Result<Id, super::problem::Error> {
    id.parse().map_err(|error| super::problem::Error::invalid(format!("`{parameter}`: {error}.")))
}

impl<T> Listed<T> {
    /// A page whose items carry their ids.
    pub(crate) fn of<R>(page: store::Page<R>, id: impl Fn(&R) -> String, item: impl FnMut(R) -> T) -> Self {
        let next = page.items.last().filter(|_| page.has_more).map(id);
        Self { items: page.items.into_iter().map(item).collect(), next }
    }
}
