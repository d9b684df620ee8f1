//! Instances of layers: generics and configuration given, members made when first asked for.

use std::rc::Rc;
use std::sync::Arc;

use tri_hir::hir::{self, BodyOwner, Def, ExprId, Fact, GenericArg, MemberKind, Owner};
use tri_ir::{Initial, TensorType};

use crate::error::{Result, Stop};
use crate::eval::Frame;
use crate::lowering::Lowering;
use crate::names::{Site, Step};
use crate::source_map::Place;
use crate::value::{GenericValue, InstanceId, Value};

/// A parameter, buffer or state of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TensorId(u32);

impl TensorId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

impl InstanceId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// How long a tensor member lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lifetime {
    Parameter,
    Buffer,
    State,
}

/// A tensor member of an instance.
#[derive(Clone, Debug)]
pub(crate) struct TensorMember {
    pub(crate) site: Site,
    pub(crate) ty: TensorType,
    pub(crate) lifetime: Lifetime,
    pub(crate) instance: InstanceId,
    pub(crate) member: u32,
    pub(crate) init: Option<Initial>,
}

/// What is known of a member.
#[derive(Clone, Debug)]
enum Slot {
    Unknown,
    /// Being made: whoever asks is part of a cycle.
    Busy,
    /// Its condition does not hold.
    Absent,
    Instance(Value),
    Tensor(TensorId),
}

/// What a member is.
#[derive(Clone, Debug)]
pub(crate) enum Member {
    Absent,
    Instance(Value),
    Tensor(TensorId),
}

/// A layer with its generics and configuration.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) def: Def,
    pub(crate) layer: Arc<hir::Layer>,
    pub(crate) generics: Vec<GenericValue>,
    pub(crate) config: Vec<Value>,
    pub(crate) site: Site,
    /// Where it is made.
    pub(crate) made: Place,
    members: Vec<Slot>,
}

impl Lowering<'_> {
    /// Makes an instance. `site` is where it stands in a tree; without one it becomes the root of its own.
    pub(crate) fn instantiate(
        &mut self,
        frame: &mut Frame,
        def: Def,
        generics: &[GenericArg],
        config: &[Option<ExprId>],
    ) -> Result<InstanceId> {
        let site = frame.site.clone();
        let generics = self.generics(frame, generics)?;
        let known = |generic: &GenericValue| match generic {
            GenericValue::Dim(dim) => dim.as_constant().is_some(),
            GenericValue::Pack(dims) => dims.iter().all(|dim| dim.as_constant().is_some()),
            GenericValue::Element(_) => true,
        };
        if !generics.iter().all(known) {
            return Err(self.unsupported("a layer with a size known only at run time"));
        }
        let mut given = Vec::with_capacity(config.len());
        for value in config {
            given.push(match value {
                Some(value) => Some(self.eval(frame, *value)?),
                None => None,
            });
        }
        self.new_instance(def, generics, given, site)
    }

    /// Makes an instance with the configuration given, defaults for the rest.
    pub(crate) fn new_instance(
        &mut self,
        def: Def,
        generics: Vec<GenericValue>,
        config: Vec<Option<Value>>,
        site: Option<Site>,
    ) -> Result<InstanceId> {
        let layer = self.hir.layer(def);
        let site = match site {
            Some(site) => site.settled(),
            None => {
                self.roots.push(InstanceId(self.instances.len() as u32));
                Site::root(self.roots.len() as u32 - 1)
            }
        };
        if site.path.steps.len() > 2 * self.options.limits.calls {
            return Err(self.too_large("layers contain each other too deeply"));
        }
        let id = InstanceId(self.instances.len() as u32);
        let members = vec![Slot::Unknown; layer.members.len()];
        let facts = layer.facts.clone();
        let chosen: Vec<Option<Value>> =
            layer.config.iter().map(|param| self.chosen_value(def, param)).collect();
        let instance = Instance { def, layer, generics, config: Vec::new(), site, made: self.here, members };
        self.instances.push(instance);
        let mut config = config.into_iter();
        for (index, chosen) in chosen.into_iter().enumerate() {
            let value = match config.next().flatten().or(chosen) {
                Some(value) => value,
                None => self.default_value(Owner::Layer(def), index, Some(id), Vec::new(), Vec::new())?,
            };
            self.instances[id.index()].config.push(value);
        }
        self.check_facts(id, def, &facts)?;
        Ok(id)
    }

    /// Whether the `where` conditions hold.
    fn check_facts(&mut self, id: InstanceId, def: Def, facts: &[Fact]) -> Result<()> {
        let frame = Frame::of_layer(Owner::Layer(def), id);
        for fact in facts {
            let (a, b) = match fact {
                Fact::Divides(a, b) | Fact::Equal(a, b) | Fact::AtMost(a, b) => (a, b),
            };
            let (a, b) = (self.dim(&frame, a)?, self.dim(&frame, b)?);
            let (Some(x), Some(y)) = (a.as_constant(), b.as_constant()) else { continue };
            let (holds, relation) = match fact {
                Fact::Divides(..) => (x.checked_rem(y) == Some(0), "is not divisible by"),
                Fact::Equal(..) => (x == y, "is not equal to"),
                Fact::AtMost(..) => (x <= y, "is larger than"),
            };
            if !holds {
                let name = self.instances[id.index()].layer.name.clone();
                return Err(self.invalid(format!("`{name}` cannot be made: {x} {relation} {y}")));
            }
        }
        Ok(())
    }

    /// A member, made if need be.
    pub(crate) fn member(&mut self, id: InstanceId, index: u32) -> Result<Member> {
        let instance = &mut self.instances[id.index()];
        let Some(slot) = instance.members.get_mut(index as usize) else { return Err(Stop::Reported) };
        match std::mem::replace(slot, Slot::Busy) {
            Slot::Busy => Err(self.invalid("this member needs itself to be made")),
            Slot::Unknown => {
                let member = self.make_member(id, index);
                let slot = match &member {
                    Ok(Member::Absent) => Slot::Absent,
                    Ok(Member::Instance(value)) => Slot::Instance(value.clone()),
                    Ok(Member::Tensor(tensor)) => Slot::Tensor(*tensor),
                    Err(_) => Slot::Unknown,
                };
                self.instances[id.index()].members[index as usize] = slot;
                member
            }
            known => {
                let member = match &known {
                    Slot::Instance(value) => Member::Instance(value.clone()),
                    Slot::Tensor(tensor) => Member::Tensor(*tensor),
                    _ => Member::Absent,
                };
                *slot = known;
                Ok(member)
            }
        }
    }

    fn make_member(&mut self, id: InstanceId, index: u32) -> Result<Member> {
        self.make_member_inside(id, index).map_err(|stop| self.made_at(stop, id))
    }

    fn make_member_inside(&mut self, id: InstanceId, index: u32) -> Result<Member> {
        let instance = &self.instances[id.index()];
        let (def, layer) = (instance.def, instance.layer.clone());
        let member = &layer.members[index as usize];
        if member.conditional {
            let condition = self.eval_body(BodyOwner::MemberCondition(def, index), Some(id), None)?;
            match condition {
                Value::Bool(true) => {}
                Value::Bool(false) => return Ok(Member::Absent),
                other => {
                    return Err(self.invalid(format!("a condition of a member cannot be {}", other.kind())));
                }
            }
        }
        let site = &self.instances[id.index()].site;
        let site = site.member(index, &member.name, member.checkpoint_name.as_deref());
        let (ty, lifetime) = match &member.kind {
            MemberKind::Param(ty) => (ty, Lifetime::Parameter),
            MemberKind::Buffer(ty) => (ty, Lifetime::Buffer),
            MemberKind::State(ty) => (ty, Lifetime::State),
            MemberKind::Instance(_) => {
                let owner = BodyOwner::MemberValue(def, index);
                return Ok(Member::Instance(self.eval_body(owner, Some(id), Some(site))?));
            }
            MemberKind::Function(_) => return Err(self.unsupported("a function of a layer as a value")),
            MemberKind::Error => return Err(Stop::Reported),
        };
        let ty = self.tensor_type(&Frame::of_layer(Owner::Layer(def), id), ty)?;
        let tensor = TensorId(self.tensors.len() as u32);
        let site = site.settled();
        self.tensors.push(TensorMember { site, ty, lifetime, instance: id, member: index, init: None });
        Ok(Member::Tensor(tensor))
    }

    /// The tensor member that `steps` lead to.
    pub(crate) fn resolve(&mut self, from: InstanceId, steps: &[Step]) -> Result<TensorId> {
        let mut at = Member::Instance(Value::Layer(from));
        for step in steps {
            at = match (step, at) {
                (Step::Member(index), Member::Instance(Value::Layer(id))) => self.member(id, *index)?,
                (Step::Index(index), Member::Instance(Value::List(elements))) => {
                    let element = elements.get(*index as usize).cloned().ok_or(Stop::Reported)?;
                    Member::Instance(element)
                }
                _ => return Err(Stop::Reported),
            };
        }
        match at {
            Member::Tensor(tensor) => Ok(tensor),
            _ => Err(Stop::Reported),
        }
    }

    /// All tensors of an instance and of those below it, in member order.
    pub(crate) fn tensors_below(&mut self, id: InstanceId, found: &mut Vec<TensorId>) -> Result<()> {
        let layer: Rc<[bool]> = {
            let members = &self.instances[id.index()].layer.members;
            members.iter().map(|member| !matches!(member.kind, MemberKind::Function(_))).collect()
        };
        for (index, is_part) in (0..).zip(layer.iter()) {
            if !is_part {
                continue;
            }
            self.step()?;
            match self.member(id, index)? {
                Member::Tensor(tensor) => found.push(tensor),
                Member::Instance(value) => self.tensors_of(&value, found)?,
                Member::Absent => {}
            }
        }
        Ok(())
    }

    fn tensors_of(&mut self, value: &Value, found: &mut Vec<TensorId>) -> Result<()> {
        match value {
            Value::Layer(id) => self.tensors_below(*id, found),
            Value::List(elements) => elements.iter().try_for_each(|element| self.tensors_of(element, found)),
            _ => Ok(()),
        }
    }
}
