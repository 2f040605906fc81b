import torch
from opacus import PrivacyEngine

torch.manual_seed(0)


def train(model, optimizer, loader):
    noise = torch.Generator()
    noise.seed()
    return PrivacyEngine().make_private(
        module=model,
        optimizer=optimizer,
        data_loader=loader,
        noise_multiplier=1.1,
        max_grad_norm=1.0,
        noise_generator=noise,
    )
