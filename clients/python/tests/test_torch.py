from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from edunn_client import Client
from edunn_client._live_arrays import same_bits
from edunn_client._tensors import Array

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra `torch`)")


def test_autograd_goes_through_the_service(client: Client) -> None:
    from edunn_client.torch import RemoteModule

    with client.session(seed=1) as session:
        remote = RemoteModule(
            session.layer("l1", "Linear", input_size=6, output_size=3), torch.float64
        )
        x = torch.randn(4, 6, dtype=torch.float64, requires_grad=True)
        assert torch.allclose(remote(x), x @ remote.w)
        assert torch.autograd.gradcheck(remote, (x,))
        remote(x).sum().backward()
        assert torch.allclose(remote.w.grad, x.detach().T @ torch.ones(4, 3, dtype=torch.float64))


def test_an_optimizer_trains_the_layer(client: Client) -> None:
    from edunn_client.torch import RemoteModule

    with client.session(seed=1) as session:
        layer = session.layer("l1", "Linear", input_size=2, output_size=1)
        net = torch.nn.Sequential(RemoteModule(layer), torch.nn.Identity())
        x = torch.randn(32, 2, generator=torch.Generator().manual_seed(1))
        y = x @ torch.tensor([[2.0], [-1.0]])
        optimizer = torch.optim.SGD(net.parameters(), lr=0.3)
        for _ in range(60):
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(net(x), y).backward()
            optimizer.step()
        assert layer.get_parameters()["w"].ravel() == pytest.approx([2, -1], abs=1e-2)


def test_parameters_changed_behind_autograds_back_are_sent(client: Client) -> None:
    from edunn_client.torch import RemoteModule

    with client.session(seed=1) as session:
        remote = RemoteModule(session.layer("l1", "Linear", input_size=2, output_size=1))
        x = torch.ones(1, 2)
        remote(x)
        remote.w.data += 1
        assert torch.allclose(remote(x), x @ remote.w)
        remote.w.data = torch.full((2, 1), 3.0)
        assert torch.allclose(remote(x), torch.tensor([[6.0]]))
        remote.load_state_dict({"w": torch.full((2, 1), 4.0)})
        assert torch.allclose(remote(x), torch.tensor([[8.0]]))


def test_every_write_of_pytorch_is_noticed_and_no_other_is_looked_for(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edunn_client import torch as adapter

    compared: list[int] = []

    def counting(one: Array, other: Array) -> bool:
        compared.append(one.size)
        return same_bits(one, other)

    monkeypatch.setattr(adapter, "same_bits", counting)
    x = torch.ones(1, 2)
    writes: dict[str, Callable[[Any], object]] = {
        "in place": lambda w: w.mul_(2),
        "an element": lambda w: w[0].fill_(5),
        "a detached twin": lambda w: w.detach().add_(1),
        "data": lambda w: w.data.add_(1),
        "other data": lambda w: setattr(w, "data", torch.full((2, 1), 3.0)),
    }
    for how, write in writes.items():
        with client.session(seed=1) as session:
            layer = session.layer("l1", "Linear", input_size=2, output_size=1)
            remote = adapter.RemoteModule(layer)
            remote(x)
            remote(x)
            assert not compared, how
            kept = remote.w.data if how == "data" else None
            with torch.no_grad():
                write(remote.w)
            assert torch.allclose(remote(x), x @ remote.w), how
            if kept is not None:
                kept.add_(1)
                assert torch.allclose(remote(x), x @ remote.w), how
            compared.clear()


def test_what_numpy_has_written_is_sent_by_a_call(client: Client) -> None:
    from edunn_client.torch import RemoteModule

    with client.session(seed=1) as session:
        remote = RemoteModule(session.layer("l1", "Linear", input_size=2, output_size=1))
        x = torch.ones(1, 2)
        remote(x)
        remote.w.detach().numpy()[:] = 2
        remote.send_parameters()
        assert torch.allclose(remote(x), torch.tensor([[4.0]]))


def test_another_dtype_or_device_costs_one_comparison(client: Client) -> None:
    from edunn_client.torch import RemoteModule

    with client.session(seed=1) as session:
        remote = RemoteModule(session.layer("l1", "Linear", input_size=2, output_size=1))
        x = torch.ones(1, 2, dtype=torch.float64)
        remote.double()
        assert torch.allclose(remote(x), x @ remote.w)
        assert not remote.w._may_be_written_unseen


def test_a_gradient_of_a_gradient_is_refused(client: Client) -> None:
    from edunn_client.torch import RemoteModule

    with client.session(seed=1) as session:
        remote = RemoteModule(session.layer("t", "TanH"))
        x = torch.ones(1, 2, requires_grad=True)
        (gradient,) = torch.autograd.grad(remote(x).square().sum(), x, create_graph=True)
        with pytest.raises(RuntimeError, match="once_differentiable"):
            gradient.sum().backward()


def test_threads_may_share_a_module(client: Client) -> None:
    from edunn_client.torch import RemoteModule

    with client.session(seed=1) as session:
        drop = RemoteModule(session.layer("drop", "Dropout", p=0.5))

        def run(_: int) -> bool:
            x = torch.ones(4, 10, requires_grad=True)
            y = drop(x)
            y.sum().backward()
            return bool(torch.equal(x.grad, y.detach()))

        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(run, range(64)))


def test_a_loss_has_a_gradient_for_its_second_input(client: Client) -> None:
    from edunn_client.torch import RemoteModule

    with client.session(seed=1) as session:
        loss = RemoteModule(session.layer("loss", "CrossEntropyWithLabels"))
        y = torch.full((2, 4), 0.25, requires_grad=True)
        loss(torch.tensor([0, 3]), y).sum().backward()
        assert torch.allclose(y.grad, torch.tensor([[-4.0, 0, 0, 0], [0, 0, 0, -4.0]]))


def test_eval_and_no_grad(client: Client) -> None:
    from edunn_client.torch import RemoteModule

    with client.session(seed=1) as session:
        drop = RemoteModule(session.layer("drop", "Dropout", p=0.5))
        x = torch.ones(4, 10, requires_grad=True)
        first, second = drop(x), drop(x)
        (2 * first + second).sum().backward()
        assert torch.equal(x.grad, 2 * first + second)
        drop.eval()
        with torch.no_grad():
            assert torch.equal(drop(x), x)


def test_a_sequentials_parameters_have_torch_names(client: Client) -> None:
    from edunn_client.torch import RemoteModule

    layers = [{"name": "a.b", "type": "Linear", "config": {"input_size": 2, "output_size": 2}}]
    with client.session(seed=1) as session:
        net = RemoteModule(session.layer("net", "Sequential", layers=layers))
        assert [name for name, _ in net.named_parameters()] == ["a_b(w)"]
        net(torch.ones(1, 2)).sum().backward()
        assert all(parameter.grad is not None for parameter in net.parameters())
