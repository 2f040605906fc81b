from opacus import PrivacyEngine


def train(model, optimizer, loader):
    return PrivacyEngine(secure_mode=True).make_private(
        module=model,
        optimizer=optimizer,
        data_loader=loader,
        noise_multiplier=1.1,
        max_grad_norm=1.0,
        poisson_sampling=False,
    )
