//! One routed layer of a run, and what its choices say.

use serde::{Deserialize, Serialize};

use crate::RunError;

/// Most tiles of a layer in a saved run: all pairs of them are compared.
const MOST_TILES: usize = 16_384;

/// What a routed layer did with the rows of a call.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// The member path of the layer, `blocks.0.ffn`.
    pub name: String,
    /// Number of tiles, `T`.
    pub tiles: usize,
    /// Number of clusters, where tiles are chosen through them; cluster `c` has the tiles from `c * T / C` on.
    pub clusters: Option<usize>,
    /// Tiles that a row goes to, `k`.
    pub top: usize,
    /// Number of rows.
    pub rows: usize,
    /// `[rows, top]`: the tiles of each row, best first.
    pub chosen: Vec<u32>,
    /// `[rows]`: how far the best score is ahead of the second; nothing where there is no second, or either is not finite. Empty
    /// where scores are not known.
    pub margins: Vec<Option<f32>>,
    /// `[T]`: the signature of each tile, of `+`, `-` and `0`. Empty where tiles are not chosen by signatures.
    pub signatures: Vec<String>,
}

/// What margins are like.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Margins {
    /// Rows that have one.
    pub rows: usize,
    /// The smallest.
    pub min: f32,
    /// The middle one (of an even number the mean of the two).
    pub median: f64,
    /// Their mean.
    pub mean: f64,
    /// The largest.
    pub max: f32,
}

/// Hamming distances between signatures: the number of places in which two differ.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Distances {
    /// Places of a signature.
    pub width: usize,
    /// The smallest distance of two tiles.
    pub min: usize,
    /// The mean over pairs.
    pub mean: f64,
    /// The largest.
    pub max: usize,
}

impl Layer {
    /// Rows that each tile got.
    pub fn histogram(&self) -> Vec<usize> {
        let mut rows = vec![0; self.tiles];
        for tile in &self.chosen {
            if let Some(count) = rows.get_mut(*tile as usize) {
                *count += 1;
            }
        }
        rows
    }

    /// Tiles that got no row.
    pub fn empty(&self) -> usize {
        self.histogram().iter().filter(|rows| **rows == 0).count()
    }

    /// `-sum of p log p` over the shares of the tiles, in nats: 0 where one has every row, `log T` where all have as many.
    pub fn entropy(&self) -> f64 {
        let all = self.chosen.len() as f64;
        let shares = self.histogram().into_iter().filter(|rows| *rows > 0).map(|rows| rows as f64 / all);
        shares.map(|p| -p * p.ln()).sum::<f64>().max(0.0)
    }

    /// `entropy / log T`; of a single tile there is none.
    pub fn entropy_ratio(&self) -> Option<f64> {
        (self.tiles > 1).then(|| self.entropy() / (self.tiles as f64).ln())
    }

    /// `sum over pairs of |a - b| / (2 T sum)`: 0 where tiles have as many rows, near 1 where one has all.
    pub fn gini(&self) -> f64 {
        let mut rows = self.histogram();
        rows.sort_unstable();
        let (tiles, all) = (rows.len() as f64, self.chosen.len() as f64);
        if all == 0.0 {
            return 0.0;
        }
        // The sum over all pairs, from the sorted counts.
        let weighted = rows.iter().enumerate().map(|(at, n)| (2.0 * at as f64 + 1.0 - tiles) * *n as f64);
        weighted.sum::<f64>() / (tiles * all)
    }

    /// What the margins of the rows are like; nothing if no row has one.
    pub fn margin(&self) -> Option<Margins> {
        let mut known: Vec<f32> = self.margins.iter().copied().flatten().collect();
        known.sort_unstable_by(f32::total_cmp);
        let (min, max) = (*known.first()?, *known.last()?);
        let [low, high] = [(known.len() - 1) / 2, known.len() / 2].map(|at| f64::from(known[at]));
        let mean = known.iter().map(|margin| f64::from(*margin)).sum::<f64>() / known.len() as f64;
        Some(Margins { rows: known.len(), min, median: f64::midpoint(low, high), mean, max })
    }

    /// The distances between all pairs of signatures; nothing if there are fewer than two.
    pub fn distances(&self) -> Option<Distances> {
        let width = self.signatures.first()?.len();
        let (mut count, mut sum, mut min, mut max) = (0usize, 0usize, usize::MAX, 0);
        self.for_each_pair(|_, _, distance| {
            (count, sum) = (count + 1, sum + distance);
            (min, max) = (min.min(distance), max.max(distance));
        });
        (count > 0).then(|| Distances { width, min, mean: sum as f64 / count as f64, max })
    }

    /// Visits the distance of each two tiles once, the smaller index first.
    pub(crate) fn for_each_pair(&self, mut visit: impl FnMut(usize, usize, usize)) {
        let planes: Vec<Vec<[u64; 2]>> = self.signatures.iter().map(|signs| planes(signs)).collect();
        for (b, second) in planes.iter().enumerate() {
            for (a, first) in planes[..b].iter().enumerate() {
                let words = first.iter().zip(second);
                let differ = words.map(|(a, b)| ((a[0] ^ b[0]) | (a[1] ^ b[1])).count_ones() as usize);
                visit(a, b, differ.sum());
            }
        }
    }

    /// The mean over rows of the part of its tiles that a row had in an earlier run too: with one tile a row, the fraction of rows
    /// whose tile is what it was. Nothing without rows.
    ///
    /// # Errors
    /// The layer had another number of tiles, of rows, or of tiles a row.
    pub fn stability(&self, earlier: &Layer) -> Result<Option<f64>, RunError> {
        let shape = |layer: &Layer| (layer.tiles, layer.top, layer.rows);
        if shape(self) != shape(earlier) {
            return Err(RunError::Shape {
                layer: self.name.clone(),
                found: shape(self),
                earlier: shape(earlier),
            });
        }
        if self.chosen.is_empty() {
            return Ok(None);
        }
        let rows = self.chosen.chunks(self.top).zip(earlier.chosen.chunks(self.top));
        let kept: usize = rows.map(|(a, b)| a.iter().filter(|tile| b.contains(tile)).count()).sum();
        Ok(Some(kept as f64 / self.chosen.len() as f64))
    }

    /// What does not fit together.
    pub(crate) fn flaw(&self) -> Option<String> {
        let Layer { tiles, top, rows, .. } = *self;
        if tiles == 0 || top == 0 || top > tiles {
            return Some(format!("a row cannot go to {top} of {tiles} tiles"));
        }
        if tiles > MOST_TILES {
            return Some(format!("it has {tiles} tiles, more than {MOST_TILES}"));
        }
        if let Some(clusters) = self.clusters
            && (clusters == 0 || tiles % clusters != 0)
        {
            return Some(format!("{tiles} tiles are not {clusters} clusters of equal size"));
        }
        if rows.checked_mul(top) != Some(self.chosen.len()) {
            let found = self.chosen.len();
            return Some(format!("`chosen` has {found} tiles, but there are {rows} rows with {top} each"));
        }
        if let Some(tile) = self.chosen.iter().find(|tile| **tile as usize >= tiles) {
            return Some(format!("a row chose tile {tile}, but there are {tiles}"));
        }
        if !self.margins.is_empty() && self.margins.len() != rows {
            return Some(format!("`margins` has {} numbers, but there are {rows} rows", self.margins.len()));
        }
        if let Some(margin) = self.margins.iter().flatten().find(|margin| !margin.is_finite()) {
            return Some(format!("a margin is {margin}"));
        }
        self.flaw_of_signatures()
    }

    fn flaw_of_signatures(&self) -> Option<String> {
        let first = self.signatures.first()?;
        if self.signatures.len() != self.tiles {
            return Some(format!(
                "{} signatures are not one for each of {} tiles",
                self.signatures.len(),
                self.tiles
            ));
        }
        let is_trits = |text: &String| text.bytes().all(|byte| matches!(byte, b'+' | b'-' | b'0'));
        if !self.signatures.iter().all(is_trits) {
            return Some("a signature is made of other signs than `+`, `-` and `0`".to_owned());
        }
        let odd = self.signatures.iter().find(|text| text.len() != first.len())?;
        Some(format!("signatures have {} and {} places", first.len(), odd.len()))
    }
}

/// Which places are not 0, and which are negative, a bit each.
fn planes(signature: &str) -> Vec<[u64; 2]> {
    let word = |places: &[u8]| {
        let bits = |is: fn(u8) -> bool| {
            (0..).zip(places).filter(|(_, sign)| is(**sign)).map(|(at, _): (u32, _)| 1u64 << at).sum()
        };
        [bits(|sign| sign != b'0'), bits(|sign| sign == b'-')]
    };
    signature.as_bytes().chunks(64).map(word).collect()
}
