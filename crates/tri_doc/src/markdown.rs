//! Documentation comments as HTML.
//!
//! They are Markdown without HTML: tags in them are text. Links lead to the web alone, and pictures are their descriptions, so that a page
//! shows the same wherever it lies. A name in backquotes that the file sees leads to its documentation.

use pulldown_cmark::{
    CodeBlockKind, CowStr, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd, html,
};

use crate::html::Escaped;
use crate::source::Source;

/// The whole text.
pub(crate) fn render(source: &Source<'_>, docs: &str) -> String {
    let docs: String =
        docs.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { ' ' } else { c }).collect();
    let events = Renderer { source, code: None, links: Vec::new() }.events(&docs);
    let mut text = String::new();
    html::push_html(&mut text, events.into_iter());
    text
}

/// The first paragraph, without links, as text; on one line.
pub(crate) fn summary(docs: &str) -> String {
    let mut text = String::new();
    for event in Parser::new(docs) {
        match event {
            Event::Text(part) | Event::Code(part) | Event::InlineHtml(part) => text.push_str(&part),
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            Event::End(TagEnd::Paragraph) => break,
            _ => {}
        }
    }
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The first paragraph with its code and links to items.
pub(crate) fn first_paragraph(source: &Source<'_>, docs: &str) -> String {
    let end = docs.find("\n\n").unwrap_or(docs.len());
    render(source, docs.get(..end).unwrap_or(docs))
}

struct Renderer<'a> {
    source: &'a Source<'a>,
    /// Language and text of the code block that is open.
    code: Option<(String, String)>,
    /// Whether each open link leads somewhere.
    links: Vec<bool>,
}

impl Renderer<'_> {
    fn events<'t>(mut self, docs: &'t str) -> Vec<Event<'t>> {
        let parser = Parser::new_ext(docs, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH);
        parser.filter_map(|event| self.event(event)).collect()
    }

    fn event<'t>(&mut self, event: Event<'t>) -> Option<Event<'t>> {
        if let Some((_, code)) = &mut self.code
            && let Event::Text(text) = &event
        {
            code.push_str(text);
            return None;
        }
        Some(match event {
            Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
            Event::Start(Tag::HtmlBlock) => Event::Start(Tag::Paragraph),
            Event::End(TagEnd::HtmlBlock) => Event::End(TagEnd::Paragraph),
            Event::Start(Tag::Heading { level, .. }) => Event::Start(Tag::Heading {
                level: below(level),
                id: None,
                classes: Vec::new(),
                attrs: Vec::new(),
            }),
            Event::End(TagEnd::Heading(level)) => Event::End(TagEnd::Heading(below(level))),
            Event::Start(Tag::Link { link_type, dest_url, .. }) => {
                let leads = is_web(&dest_url) || link_type == LinkType::Email;
                self.links.push(leads);
                let title = CowStr::from("");
                return leads.then_some(Event::Start(Tag::Link {
                    link_type,
                    dest_url,
                    title,
                    id: "".into(),
                }));
            }
            Event::End(TagEnd::Link) => {
                return self.links.pop().unwrap_or(false).then_some(Event::End(TagEnd::Link));
            }
            Event::Start(Tag::Image { .. }) => Event::Start(Tag::Emphasis),
            Event::End(TagEnd::Image) => Event::End(TagEnd::Emphasis),
            Event::Code(text) => self.code_span(text),
            Event::Start(Tag::CodeBlock(kind)) => {
                let language = match kind {
                    CodeBlockKind::Fenced(language) => language.to_string(),
                    CodeBlockKind::Indented => String::new(),
                };
                self.code = Some((language, String::new()));
                return None;
            }
            Event::End(TagEnd::CodeBlock) => {
                let (language, code) = self.code.take()?;
                let is_tri = language.split([' ', ',']).next() == Some("tri");
                let code = if is_tri { self.source.highlight(&code) } else { Escaped(&code).to_string() };
                Event::Html(format!("<pre><code>{code}</code></pre>\n").into())
            }
            other => other,
        })
    }

    /// Code, as a link if it names an item. A link cannot stand in a link.
    fn code_span<'t>(&self, text: CowStr<'t>) -> Event<'t> {
        let path: Vec<&str> = text.split('.').collect();
        let is_local = path.first().is_some_and(|first| self.source.local.contains(first));
        let link = if is_local || !self.links.is_empty() { None } else { self.link(&path) };
        match link {
            Some(link) => {
                let html = format!("<a href=\"{}\"><code>{}</code></a>", Escaped(&link), Escaped(&text));
                Event::InlineHtml(html.into())
            }
            None => Event::Code(text),
        }
    }

    /// An item that the file sees, or one by its full name such as `std.nn.Linear`, or a module.
    fn link(&self, path: &[&str]) -> Option<String> {
        if let Some(link) = self.source.link(path) {
            return Some(link);
        }
        let package = self.source.package;
        if let Some(module) = package.module_named(&path.join(".")) {
            return Some(module.page.clone());
        }
        let (item, module) = path.split_last()?;
        let module = package.module_named(&module.join("."))?;
        Source::new(package, module.file).link(&[item])
    }
}

/// Headings of comments stand below that of the item.
fn below(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 => HeadingLevel::H4,
        HeadingLevel::H2 => HeadingLevel::H5,
        _ => HeadingLevel::H6,
    }
}

fn is_web(url: &str) -> bool {
    ["http://", "https://", "mailto:"]
        .iter()
        .any(|scheme| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
}
