//! Where a member stands in the tree of instances, and what a checkpoint calls it.

/// One step down the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Step {
    /// To a member, by member index.
    Member(u32),
    /// To an element of an array.
    Index(u32),
}

/// A place in a tree of instances. Paths compare in member order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Path {
    /// Which tree: 0 is the model, others are made by tests and bodies.
    pub(crate) root: u32,
    pub(crate) steps: Vec<Step>,
}

impl Path {
    pub(crate) fn root(root: u32) -> Path {
        Path { root, steps: Vec::new() }
    }

    /// One step down.
    fn below(&self, step: Step) -> Path {
        let mut steps = Vec::with_capacity(self.steps.len() + 1);
        steps.extend_from_slice(&self.steps);
        steps.push(step);
        Path { root: self.root, steps }
    }

    /// The steps from here to `below`, if it is below or the same.
    pub(crate) fn steps_to<'a>(&self, below: &'a Path) -> Option<&'a [Step]> {
        below.steps.strip_prefix(self.steps.as_slice()).filter(|_| self.root == below.root)
    }
}

/// Where an instance or tensor is, and its names.
///
/// A name in a checkpoint is the member path, `blocks.3.attn.query.weight`. `@name` on a member replaces the member's part
/// of it; on a member of the model, or where the name has `{i}`, it replaces the whole path so far. `{i}` is the index in the
/// innermost array around the member, the member itself included, and `{i + 1}` counts from one.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) path: Path,
    /// The member path.
    pub(crate) label: String,
    /// The name in a checkpoint.
    pub(crate) checkpoint: String,
    /// Index in the innermost array around.
    pub(crate) index: Option<u32>,
}

impl Site {
    /// The root of a tree.
    pub(crate) fn root(root: u32) -> Site {
        Site { path: Path::root(root), label: String::new(), checkpoint: String::new(), index: None }
    }

    /// The site of a member.
    pub(crate) fn member(&self, member: u32, name: &str, checkpoint: Option<&str>) -> Site {
        let checkpoint = match checkpoint {
            Some(whole) if self.path.steps.is_empty() || is_indexed(whole) => whole.to_owned(),
            part => join(&self.checkpoint, part.unwrap_or(name)),
        };
        let (path, label) = (self.path.below(Step::Member(member)), join(&self.label, name));
        Site { path, label, checkpoint, index: self.index }
    }

    /// The site of an element of an array.
    pub(crate) fn element(&self, index: u32) -> Site {
        let number = index.to_string();
        let checkpoint = if is_indexed(&self.checkpoint) {
            indexed(&self.checkpoint, index)
        } else {
            join(&self.checkpoint, &number)
        };
        let (path, label) = (self.path.below(Step::Index(index)), join(&self.label, &number));
        Site { path, label, checkpoint, index: Some(index) }
    }

    /// The same site, where it turned out to be no array: `{i}` is that of the array around.
    pub(crate) fn settled(mut self) -> Site {
        if let Some(index) = self.index {
            self.checkpoint = indexed(&self.checkpoint, index);
        }
        self
    }
}

fn is_indexed(name: &str) -> bool {
    index_place(name).is_some()
}

/// The first place of an index in a name, `{i}` or `{i + 2}`: the text before it, what is added to the index, the text behind it.
fn index_place(name: &str) -> Option<(&str, u32, &str)> {
    name.match_indices("{i").find_map(|(at, _)| {
        let (inside, behind) = name[at + 2..].split_once('}')?;
        let more = if inside.is_empty() { 0 } else { inside.strip_prefix(" + ")?.parse().ok()? };
        Some((&name[..at], more, behind))
    })
}

fn indexed(name: &str, index: u32) -> String {
    let (mut text, mut rest) = (String::new(), name);
    while let Some((before, more, behind)) = index_place(rest) {
        text.push_str(before);
        text.push_str(&index.saturating_add(more).to_string());
        rest = behind;
    }
    text + rest
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { [prefix, ".", name].concat() }
}

/// Number of the random sequence of a member: FNV-1a over its path and the stream asked for, so that members differ and a
/// model begins with the same weights on every machine.
pub(crate) fn random_stream(label: &str, stream: u64) -> u64 {
    let bytes = label.bytes().chain([0]).chain(stream.to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn member_paths_name_weights() {
        let blocks = Site::root(0).member(0, "blocks", None).element(3).settled();
        let weight = blocks.member(1, "attn", None).settled().member(2, "weight", None).settled();
        assert_eq!(weight.checkpoint, "blocks.3.attn.weight");
    }

    #[test]
    fn foreign_names_replace_a_part_or_the_whole() {
        let part =
            Site::root(0).member(0, "norm", None).settled().member(0, "gain", Some("weight")).settled();
        assert_eq!(part.checkpoint, "norm.weight");
        let whole = Site::root(0).member(0, "conv", Some("features.0.weight")).settled();
        assert_eq!((whole.checkpoint.as_str(), whole.label.as_str()), ("features.0.weight", "conv"));
        let array = Site::root(0).member(0, "blocks", Some("h.{i}")).element(2).settled();
        assert_eq!(array.member(0, "w", None).settled().checkpoint, "h.2.w");
        let rest = Site::root(0).member(0, "rest", Some("h.{i + 1}")).element(0).settled();
        assert_eq!(rest.member(0, "w", None).settled().checkpoint, "h.1.w");
        let later = Site::root(0).member(0, "later", Some("{x}.{i + 12}.{i}.{i+1}")).element(3).settled();
        assert_eq!(later.checkpoint, "{x}.15.3.{i+1}");
        let inside = Site::root(0).member(0, "blocks", None).element(2).settled();
        assert_eq!(inside.member(0, "w", Some("h.{i}.mlp.w")).settled().checkpoint, "h.2.mlp.w");
    }

    #[test]
    fn streams_differ_between_members_and_uses() {
        let all = [random_stream("a", 0), random_stream("a", 1), random_stream("b", 0), random_stream("", 0)];
        for (i, a) in all.iter().enumerate() {
            assert!(all[i + 1..].iter().all(|b| a != b));
        }
    }
}
