//! What holds, in the memory of this node.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::Arc,
};

use arc_swap::ArcSwap;
use kernel::{TenantId, edge::Tenant};

use super::{Branding, Kind, Place};
use crate::settings::DEFAULT_SLUG;

/// Knows which texts pages have. Implemented by the pages.
pub trait Wording: Send + Sync + 'static {
    /// Whether a text may stand for the message: `Err` says why not.
    fn judge(&self, key: &str, text: &str) -> Result<(), String>;
}

/// An image of a tenant, without its bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Image {
    /// What it is.
    pub kind: Kind,
    /// Changes with its content.
    pub hash: Arc<str>,
}

/// How a tenant's pages look.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Brand {
    /// What it has decided.
    pub branding: Branding,
    /// Its images.
    pub images: BTreeMap<Place, Image>,
}

impl Brand {
    /// What the service is called.
    pub fn product<'a>(&'a self, tenant: &'a Tenant) -> &'a str {
        match &self.branding.product_name {
            Some(name) => name,
            None if &*tenant.slug == DEFAULT_SLUG => "Portcullis",
            None => &tenant.name,
        }
    }
}

/// The brands of all tenants that have one. Written by [`publish`](crate::publish) only.
#[derive(Default)]
pub struct Brandings {
    default: Arc<Brand>,
    all: ArcSwap<HashMap<TenantId, Arc<Brand>>>,
}

impl fmt::Debug for Brandings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Brandings").field("tenants", &self.all.load().len()).finish()
    }
}

impl Brandings {
    /// The tenant's brand, or the default: the same `Arc` until it changes.
    pub fn of(&self, tenant: TenantId) -> Arc<Brand> {
        self.all.load().get(&tenant).unwrap_or(&self.default).clone()
    }

    /// Replaces every brand.
    pub(crate) fn replace(&self, all: HashMap<TenantId, Brand>) {
        self.all.store(Arc::new(all.into_iter().map(|(tenant, brand)| (tenant, Arc::new(brand))).collect()));
    }

    /// Replaces the brands of some tenants. `None`: the default again.
    pub(crate) fn change(&self, some: HashMap<TenantId, Option<Brand>>) {
        let mut all = HashMap::clone(&self.all.load());
        for (tenant, brand) in some {
            match brand {
                Some(brand) => drop(all.insert(tenant, Arc::new(brand))),
                None => drop(all.remove(&tenant)),
            }
        }
        self.all.store(Arc::new(all));
    }
}
