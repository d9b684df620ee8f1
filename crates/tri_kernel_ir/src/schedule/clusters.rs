//! The tile of each row through its cluster.

use tri_ir::Inst;

use super::{Failure, Scheduler};
use crate::{ClusterStep, StepKind};

impl<'m> Scheduler<'m> {
    pub(super) fn clusters(&mut self, inst: &'m Inst) -> Result<(), Failure> {
        let [on, clusters, tiles] = inst.args[..] else {
            return Err(Failure::Unsupported("it has not three operands"));
        };
        let empty = |dim: &tri_ir::Dim| dim.as_constant().is_none_or(|size| size < 1);
        if empty(&self.shape(tiles)[0]) || empty(&self.shape(tiles)[1]) {
            return Err(Failure::Unsupported("its clusters or their tiles are not a number above 0"));
        }
        let (on, clusters, tiles) = (self.store(on)?, self.store(clusters)?, self.store(tiles)?);
        let out = self.target(inst.results[0]);
        self.step(StepKind::Clusters(ClusterStep { on, clusters, tiles, out }));
        Ok(())
    }
}
