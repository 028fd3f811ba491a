//! How the pages of a tenant look: what identity keeps of it, made ready to be shown.
//!
//! A look is made once for each brand and kept until there is another: showing a page asks nobody.

use std::{collections::HashMap, sync::Arc};

use arc_swap::ArcSwap;
use bytes::Bytes;
use identity::{
    branding::{Brand, Palette, Place, ROLES, Scheme},
    language::Language,
};
use kernel::{TenantId, edge::Tenant};
use minijinja::{Value, context};

use crate::{
    assets,
    texts::{self, Bundle},
};

/// A brand, made ready.
#[derive(Debug)]
pub(crate) struct Look {
    brand: Arc<Brand>,
    sheet: Option<Sheet>,
    texts: HashMap<Language, Own>,
}

/// A tenant's words in a language.
struct Own(Arc<Bundle>);

impl std::fmt::Debug for Own {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Own")
    }
}

/// A tenant's style sheet.
#[derive(Clone, Debug)]
pub(crate) struct Sheet {
    /// Changes with its content.
    pub(crate) hash: Arc<str>,
    /// CSS.
    pub(crate) content: Bytes,
}

impl Look {
    /// Makes a brand ready.
    pub(crate) fn new(brand: Arc<Brand>) -> Self {
        let content = sheet(&brand);
        let sheet = (!content.is_empty())
            .then(|| Sheet { hash: assets::hash(content.as_bytes()).into(), content: content.into() });
        let own = |(language, texts): (&Language, _)| (*language, Own(Arc::new(texts::own(*language, texts))));
        let texts = brand.branding.texts.iter().map(own).collect();
        Self { brand, sheet, texts }
    }

    /// Its style sheet, if it needs one.
    pub(crate) const fn sheet(&self) -> Option<&Sheet> {
        self.sheet.as_ref()
    }

    /// The tenant's own words in a language.
    pub(crate) fn texts(&self, language: Language) -> Option<Arc<Bundle>> {
        self.texts.get(&language).map(|own| own.0.clone())
    }

    /// What the service is called.
    pub(crate) fn product<'l>(&'l self, tenant: &'l Tenant) -> &'l str {
        self.brand.product(tenant)
    }

    /// Whether there is an image at the place.
    pub(crate) fn has(&self, place: Place) -> bool {
        self.brand.images.contains_key(&place)
    }

    /// Origins that may frame pages.
    pub(crate) fn framed_by(&self) -> &[String] {
        &self.brand.branding.frame_ancestors
    }

    /// What templates know of it. `base` stands before the addresses of pages: `/t/acme/ui/`.
    pub(crate) fn values(&self, tenant: &Tenant, base: &str) -> Value {
        let Brand { branding, images } = &*self.brand;
        let image = |place| images.get(&place).map(|image| (place, image));
        let address = |(place, image): (Place, &identity::branding::Image)| {
            format!("{base}branding/{}-{}.{}", place.as_str(), image.hash, image.kind.extension())
        };
        let (logo, dark) = (image(Place::Logo), image(Place::LogoDark));
        let (logo, dark) = match branding.scheme {
            Scheme::Auto => (logo.or(dark), dark.filter(|_| logo.is_some())),
            Scheme::Light => (logo, None),
            Scheme::Dark => (dark.or(logo), None),
        };
        let favicon = image(Place::Favicon);
        let links: Vec<Value> = [
            ("link-terms", &branding.links.terms),
            ("link-privacy", &branding.links.privacy),
            ("link-support", &branding.links.support),
        ]
        .into_iter()
        .filter_map(|(key, href)| Some(context! { key, href => href.as_ref()? }))
        .collect();
        context! {
            product => self.brand.product(tenant),
            scheme => match branding.scheme { Scheme::Auto => "", Scheme::Light => "light", Scheme::Dark => "dark" },
            sheet => self.sheet.as_ref().map(|sheet| format!("{base}branding/theme-{}.css", sheet.hash)),
            logo => logo.map(address),
            logo_dark => dark.map(address),
            favicon => favicon.map(address),
            favicon_type => favicon.map(|(_, image)| image.kind.media_type()),
            links,
            terms => &branding.links.terms,
            privacy => &branding.links.privacy,
        }
    }
}

/// Colours that the tenant has chosen, and its own sheet after them.
fn sheet(brand: &Brand) -> String {
    let branding = &brand.branding;
    let (light, dark) = (Palette::light(&branding.colors), Palette::dark(&branding.colors));
    let chosen = |role| light.is_chosen(role) || dark.is_chosen(role);
    let mut sheet = String::new();
    for (role, _) in ROLES {
        // What stands on buttons follows their colour.
        if chosen(role) || (role == "on_accent" && chosen("accent")) {
            let name = role.replace('_', "-");
            sheet += &format!("--{name}:light-dark({},{});", light.get(role), dark.get(role));
        }
    }
    if chosen("ground") {
        // The light behind the card.
        sheet += "--glow:var(--surface);";
    }
    if !sheet.is_empty() {
        sheet = format!(":root{{{sheet}}}\n");
    }
    sheet + branding.css.as_deref().unwrap_or_default()
}

/// The looks that were made, by tenant. Read without a lock: refusals are shown by the gate's own threads.
#[derive(Debug, Default)]
pub(crate) struct Looks(ArcSwap<HashMap<TenantId, Arc<Look>>>);

impl Looks {
    /// The look of a tenant that has this brand now.
    pub(crate) fn of(&self, tenant: TenantId, brand: &Arc<Brand>) -> Arc<Look> {
        let known = self.0.load().get(&tenant).cloned();
        if let Some(known) = known.filter(|look| Arc::ptr_eq(&look.brand, brand)) {
            return known;
        }
        let look = Arc::new(Look::new(brand.clone()));
        self.0.rcu(|all| {
            let mut all = HashMap::clone(all);
            all.insert(tenant, look.clone());
            all
        });
        look
    }
}

#[cfg(test)]
mod tests {
    use identity::branding::Branding;
    use kernel::{OsRandom, Timestamp};

    use super::*;

    #[test]
    fn the_default_colours_are_those_of_the_sheet() {
        let css = include_str!("../assets/pages.css");
        for (role, [light, dark]) in ROLES {
            let line = format!("--{}: light-dark({light}, {dark});", role.replace('_', "-"));
            assert!(css.contains(&line), "{line}");
        }
    }

    #[test]
    fn a_sheet_says_what_differs() {
        let brand = |json| Brand { branding: serde_json::from_value(json).expect("a branding"), ..Brand::default() };
        assert_eq!(sheet(&brand(serde_json::json!({}))), "");
        let json = serde_json::json!({"colors": {"light": {"accent": "#7a1f5c"}, "dark": {"ground": "#000000"}},
            "css": "a{}"});
        assert_eq!(
            sheet(&brand(json)),
            ":root{--accent:light-dark(#7a1f5c,#9cc9f0);--on-accent:light-dark(#ffffff,#0b1824);\
             --ground:light-dark(#eef2f6,#000000);--glow:var(--surface);}\na{}"
        );
    }

    #[test]
    fn a_look_is_made_once_for_each_brand() {
        let (looks, tenant) = (Looks::default(), TenantId::new(Timestamp::EPOCH, &OsRandom::new()));
        let (one, two) = (Arc::new(Brand::default()), Arc::new(Brand::default()));
        assert!(Arc::ptr_eq(&looks.of(tenant, &one), &looks.of(tenant, &one)));
        assert!(!Arc::ptr_eq(&looks.of(tenant, &one), &looks.of(tenant, &two)));
        assert_eq!(one.branding, Branding::default());
    }
}
