//! What a routed layer is called: its member path, as the names of its tiles' weights show it.

/// The layer that has the array of these tiles, from the names of the weights of the first tiles: `blocks.0.ffn` of
/// `blocks.0.ffn.tiles.0.up.weight` and `blocks.0.ffn.tiles.1.up.weight`. An array of the model itself gives its own name.
pub(super) fn name_of(tiles: &[Vec<&str>]) -> Option<String> {
    let path = |name: &&str| -> Vec<String> {
        // The prologue adds the type of what it made of a weight.
        name.split(':').next().unwrap_or(name).split('.').map(str::to_owned).collect()
    };
    let first: Vec<Vec<String>> = tiles.first()?.iter().map(path).collect();
    let second: Vec<Vec<String>> = tiles.get(1).into_iter().flatten().map(path).collect();
    let pair = first.iter().zip(&second).find_map(|(a, b)| {
        let at = a.iter().zip(b).position(|(a, b)| a != b)?;
        (a[at] == "0" && b[at] == "1").then(|| a[..at].to_vec())
    });
    let mut path = pair.unwrap_or_else(|| {
        // Of a single tile: what its weights share, without its index. Of a single weight: all of its name.
        let mut shared = first.first().cloned().unwrap_or_default();
        for name in &first {
            let common = shared.iter().zip(name).take_while(|(a, b)| a == b).count();
            shared.truncate(common);
        }
        let is_index = |part: &String| part.bytes().all(|byte| byte.is_ascii_digit());
        shared.pop_if(|part| is_index(part));
        shared
    });
    if path.len() > 1 {
        path.pop();
    }
    (!path.is_empty()).then(|| path.join("."))
}

/// The same names with a number where one occurs again: a layer that is called twice.
pub(super) fn unique(names: Vec<String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::with_capacity(names.len());
    for name in names {
        let mut free = name.clone();
        let mut count = 1;
        while all.contains(&free) {
            count += 1;
            free = format!("{name}#{count}");
        }
        all.push(free);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(tiles: &[&[&str]]) -> Option<String> {
        name_of(&tiles.iter().map(|tile| tile.to_vec()).collect::<Vec<_>>())
    }

    #[test]
    fn a_layer_is_what_holds_the_array_of_tiles() {
        let tiles: [&[&str]; 2] = [
            &["lm.blocks.0.ffn.tiles.0.up.weight:trit", "lm.blocks.0.ffn.tiles.0.up.weight:f32"],
            &["lm.blocks.0.ffn.tiles.1.up.weight:trit", "lm.blocks.0.ffn.tiles.1.up.weight:f32"],
        ];
        assert_eq!(name(&tiles).as_deref(), Some("lm.blocks.0.ffn"));
        assert_eq!(name(&tiles[..1]).as_deref(), Some("lm.blocks.0.ffn.tiles.0.up"));
        let own: [&[&str]; 2] = [&["tiles.0.up.weight"], &["tiles.1.up.weight"]];
        assert_eq!(name(&own).as_deref(), Some("tiles"));
        let single: [&[&str]; 1] = [&["ffn.tiles.0.up.weight:trit", "ffn.tiles.0.down.weight:trit"]];
        assert_eq!(name(&single).as_deref(), Some("ffn"));
        assert_eq!(name(&[&["blocks.0.lookup.directions:trit.2"]]).as_deref(), Some("blocks.0.lookup"));
        assert_eq!(name(&[&["directions:trit.2"]]).as_deref(), Some("directions"));
        assert_eq!(name(&[&[]]), None);
        assert_eq!(name(&[]), None);
    }

    #[test]
    fn a_layer_that_is_called_twice_is_numbered() {
        let names = ["ffn", "other", "ffn", "ffn"].map(str::to_owned).to_vec();
        assert_eq!(unique(names), ["ffn", "other", "ffn#2", "ffn#3"]);
    }
}
